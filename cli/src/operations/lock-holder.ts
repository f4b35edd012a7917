import { readdir, readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { z } from 'zod'
import { interruption } from '../platform/interrupts.ts'
import { run } from '../platform/run.ts'
import type { LockInfo } from '../terraform/state-lock.ts'

/** Whether who holds a lock still runs, and what shows it. */
export type Holder = { alive: 'yes' | 'no' | 'unknown'; evidence: string }

/**
 * Looks for who holds a lock, as far as can be known from here: Terraform writes `user@host` and no more.
 * @param folder in which terraform runs
 */
export async function findHolder({ Who: who }: LockInfo, folder: string): Promise<Holder> {
  const host = who.slice(who.lastIndexOf('@') + 1)
  if (host === hostname()) return findProcess(folder)
  if (/^runner@/.test(who)) return findWorkflowRun(host)
  return { alive: 'unknown', evidence: `It is held on ${host || 'a machine that it does not name'}, which cannot be looked into from here: ask there.` }
}

/** Terraform's processes of this machine that work in this folder; only Linux tells that. */
async function findProcess(folder: string): Promise<Holder> {
  const ids = await readdir('/proc').then((names) => names.filter((name) => /^\d+$/.test(name)), () => undefined)
  if (!ids) return { alive: 'unknown', evidence: 'It is held on this machine: look for terraform among its processes (`ps aux`).' }
  const programs = await Promise.all(ids.map(async (id) => ({ id, name: await readName(id), folder: await readlink(`/proc/${id}/cwd`).catch(() => '') })))
  const terraforms = programs.filter(({ name }) => /^(terraform|tofu)$/.test(name))
  const [here] = terraforms.filter((each) => each.folder === folder)
  if (here) return { alive: 'yes', evidence: `It is held on this machine, where ${here.name} runs in ${folder} (process ${here.id}).` }
  const [elsewhere] = terraforms
  if (elsewhere) return { alive: 'unknown', evidence: `It is held on this machine, where ${elsewhere.name} runs in ${elsewhere.folder} (process ${elsewhere.id}), another folder than this one.` }
  return { alive: 'no', evidence: 'It is held on this machine, and no terraform runs here: the one that took it is gone.' }
}

const readName = (id: string) => readFile(`/proc/${id}/comm`, 'utf8').then((text) => text.trim(), () => '')

const runsSchema = z.array(z.object({ workflowName: z.string(), url: z.string() }))

/** GitHub's runners all are `runner`, so that any run of the repository may hold it. */
async function findWorkflowRun(host: string): Promise<Holder> {
  const by = `It is held by a GitHub runner (${host})`
  try {
    const args = ['run', 'list', '--status', 'in_progress', '--limit', '20', '--json', 'workflowName,url']
    const { stdout } = await run('gh', args, { timeoutSeconds: 20 })
    const runs = runsSchema.parse(JSON.parse(stdout))
    if (runs.length === 0) return { alive: 'no', evidence: `${by}, and no workflow of this repository is running.` }
    return { alive: 'unknown', evidence: [`${by}; these workflows are running:`, ...runs.map(({ workflowName, url }) => `${workflowName} ${url}`)].join('\n') }
  } catch {
    interruption.throwIfAborted()
    return { alive: 'unknown', evidence: `${by}; see whether a workflow is running on the repository's Actions page.` }
  }
}

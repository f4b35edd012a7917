import { readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { interruption } from '../platform/interrupts.ts'
import { isAlive } from '../platform/processes.ts'
import { run } from '../platform/run.ts'
import { dataFolder } from './program.ts'
import type { Terraform } from './terraform.ts'

const recordSchema = z.object({ pid: z.number().int(), host: z.string(), started: z.coerce.date() })
type HolderRecord = z.infer<typeof recordSchema>
const recordName = (pid: number) => `fargate-ctl-run-${pid}.json`

/**
 * Leaves word of this run while terraform may hold the state's lock; a lock names a user and a machine, and no process.
 * What cannot be written is done without.
 */
export async function withRecord<Result>({ folder, env }: Terraform, work: () => Promise<Result>): Promise<Result> {
  const file = join(dataFolder(folder, env), recordName(process.pid))
  const record: z.input<typeof recordSchema> = { pid: process.pid, host: hostname(), started: new Date().toISOString() }
  await writeFile(file, JSON.stringify(record)).catch(() => undefined)
  try {
    const result = await work()
    await forgetTheDead(folder, env)
    return result
  } finally {
    await rm(file, { force: true }).catch(() => undefined)
  }
}

/** The lock was free, so that no killed run holds it any more. */
async function forgetTheDead(folder: string, env: Record<string, string>): Promise<void> {
  const dead = (await readRecords(folder, env)).filter(({ pid, host }) => host === hostname() && !isAlive(pid))
  for (const { pid } of dead) await rm(join(dataFolder(folder, env), recordName(pid)), { force: true }).catch(() => undefined)
}

/** Those of other processes. */
async function readRecords(folder: string, env: Record<string, string>): Promise<HolderRecord[]> {
  const data = dataFolder(folder, env)
  const names = (await readdir(data).catch(() => [])).filter((name) => /^fargate-ctl-run-\d+\.json$/.test(name) && name !== recordName(process.pid))
  const read = async (name: string) => recordSchema.safeParse(await readFile(join(data, name), 'utf8').then(JSON.parse).catch(() => undefined)).data ?? []
  return (await Promise.all(names.map(read))).flat()
}

/** Whether who holds a lock still runs, and what shows it. */
export type Holder = { alive: 'yes' | 'no' | 'unknown'; evidence: string }

/**
 * Looks for who holds a lock, as far as can be known from here: Terraform writes `user@host` and no more.
 * @param created when it was taken
 */
export async function findHolder(who: string | undefined, created: Date | undefined, { folder, env }: Pick<Terraform, 'folder' | 'env'>): Promise<Holder> {
  const host = (who ?? '').slice((who ?? '').lastIndexOf('@') + 1)
  if (host === hostname()) return (await findRun(host, created, folder, env)) ?? findProcess(folder)
  if (who?.startsWith('runner@')) return findWorkflowRun(host)
  return { alive: 'unknown', evidence: `It is held on ${host || 'a machine that it does not name'}, which cannot be looked into from here: ask there.` }
}

/** The run of fargate-ctl that took a lock here, if it has left word; what it started may have outlived it. */
async function findRun(host: string, created: Date | undefined, folder: string, env: Record<string, string>): Promise<Holder | undefined> {
  const before = (await readRecords(folder, env)).filter((record) => record.host === host && created && Number(created) + 1000 >= Number(record.started))
  const [last] = before.toSorted((a, b) => Number(b.started) - Number(a.started))
  if (!last) return undefined
  const by = `It was taken on this machine by the process ${last.pid}`
  if (isAlive(last.pid)) return { alive: 'yes', evidence: `${by}, which still runs.` }
  const outlived = await findProcess(folder)
  return outlived.alive === 'yes' ? outlived : { alive: 'no', evidence: `${by}, which is dead: nobody holds it any more.` }
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
  if (elsewhere) return { alive: 'unknown', evidence: `It is held on this machine, where ${elsewhere.name} runs in ${elsewhere.folder || 'a folder that cannot be read'} (process ${elsewhere.id}), another folder than this one.` }
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

import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
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

/**
 * What is known of the run that took a lock on this machine, in a sentence; of others nothing is.
 * @param who as the lock says: `user@host`
 */
export async function describeHolder({ folder, env }: Terraform, who: string | undefined, created: string | undefined): Promise<string> {
  const host = who?.split('@').at(-1)
  if (host !== hostname()) return 'Whether that run still goes on cannot be seen from this machine.'
  // As terraform writes it: `2026-11-26 04:04:27.544678329 +0000 UTC`.
  const taken = Date.parse((created ?? '').replace(/^(\S+) (\d+:\d+:\d+)\S* .*$/, '$1T$2Z'))
  const before = (await readRecords(folder, env)).filter((record) => record.host === host && taken + 1000 >= Number(record.started))
  const holder = before.toSorted((a, b) => Number(b.started) - Number(a.started))[0]
  if (!holder) return 'It was taken on this machine, by no run of fargate-ctl that has left word here.'
  const state = isAlive(holder.pid) ? 'which still runs' : 'which is dead: nobody holds it any more'
  return `It was taken on this machine by the process ${holder.pid}, ${state}.`
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

import { readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { dataFolder } from './program.ts'
import type { Terraform } from './terraform.ts'

const recordSchema = z.object({ pid: z.number().int(), host: z.string(), started: z.coerce.date() })
const recordName = 'fargate-ctl-run.json'

const recordFile = ({ folder, env }: Terraform) => join(dataFolder(folder, env), recordName)

/**
 * Leaves word of this run while terraform may hold the state's lock; a lock names a user and a machine, and no process.
 * What cannot be written is done without.
 */
export async function withRecord<Result>(terraform: Terraform, work: () => Promise<Result>): Promise<Result> {
  const file = recordFile(terraform)
  const record: z.input<typeof recordSchema> = { pid: process.pid, host: hostname(), started: new Date().toISOString() }
  const before = await readFile(file, 'utf8').catch(() => undefined)
  await writeFile(file, JSON.stringify(record)).catch(() => undefined)
  try {
    const result = await work()
    await rm(file, { force: true }).catch(() => undefined)
    return result
  } catch (error) {
    // Another run's word stays, as its lock does.
    await (before === undefined ? rm(file, { force: true }) : writeFile(file, before)).catch(() => undefined)
    throw error
  }
}

/**
 * What is known of the run that took a lock on this machine, in a sentence; of others nothing is.
 * @param who as the lock says: `user@host`
 */
export async function describeHolder(terraform: Terraform, who: string | undefined, created: string | undefined): Promise<string> {
  const host = who?.split('@').at(-1)
  if (host !== hostname()) return 'Whether that run still goes on cannot be seen from this machine.'
  const { data: record } = recordSchema.safeParse(await readFile(recordFile(terraform), 'utf8').then(JSON.parse).catch(() => undefined))
  // Terraform's time has nanoseconds and ends with the zone twice: `2026-11-26 04:04:27.544678329 +0000 UTC`.
  const taken = Date.parse((created ?? '').replace(/^(\S+) (\d+:\d+:\d+)\S* .*$/, '$1T$2Z'))
  if (!record || record.host !== host || taken + 1000 < Number(record.started)) return 'It was taken on this machine, by no run of fargate-ctl that has left word here.'
  return isAlive(record.pid)
    ? `It was taken on this machine by the process ${record.pid}, which still runs.`
    : `It was taken on this machine by the process ${record.pid}, which is dead: nobody holds it any more.`
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

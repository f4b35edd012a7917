import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { execaSync } from 'execa'
import { z } from 'zod'

/** A process, told from another one that has its number by now: by when it started. */
export const processSchema = z.object({ pid: z.number().int().positive(), started: z.string() })
export type KnownProcess = z.infer<typeof processSchema>

/** @throws Error when no such process runs */
export function knowProcess(pid: number): KnownProcess {
  const started = startOf(pid)
  if (started === undefined) throw new Error(`no process ${pid} runs`)
  return { pid, started }
}

export const isAlive = ({ pid, started }: KnownProcess): boolean => startOf(pid) === started

/**
 * Asks a process to end, waits, and ends it by force when the time is over; one that has ended already is fine.
 * @returns whether it ended by itself
 */
export async function endProcess(known: KnownProcess, seconds: number): Promise<boolean> {
  if (!isAlive(known)) return true
  process.kill(known.pid, 'SIGTERM')
  const deadline = performance.now() + seconds * 1000
  while (performance.now() < deadline) {
    if (!isAlive(known)) return true
    await sleep(50)
  }
  if (isAlive(known)) process.kill(known.pid, 'SIGKILL')
  while (isAlive(known)) await sleep(20)
  return false
}

/** When it started, in the system's own words. A process that has ended and waits to be read is no longer one. */
function startOf(pid: number): string | undefined {
  if (process.platform !== 'linux') {
    const { stdout } = execaSync('ps', ['-o', 'lstart=', '-p', String(pid)], { reject: false })
    return stdout?.trim() || undefined
  }
  try {
    // Its name, in parentheses, may hold anything: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until something is so. @throws Error after 120 s */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const started = performance.now(); !(await isSo()); await sleep(20)) {
    if (performance.now() - started > 120_000) throw new Error(`waited in vain: ${what}`)
  }
}

/** Whether a process of this number runs. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

export const untilFile = (path: string) => until(`${path} exists`, () => existsSync(path))

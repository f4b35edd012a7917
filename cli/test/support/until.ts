import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until something is so. @throws Error after 120 s */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  for (const started = performance.now(); !isSo(); await sleep(20)) {
    if (performance.now() - started > 120_000) throw new Error(`waited in vain: ${what}`)
  }
}

export const untilFile = (path: string) => until(`${path} exists`, () => existsSync(path))

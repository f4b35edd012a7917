import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits until `read` answers with something, and not with undefined or false.
 * @throws Error that says what was waited for
 */
export async function waitFor<Value>(what: string, read: () => Promise<Value | undefined | false>, seconds = 120): Promise<Value> {
  const deadline = performance.now() + seconds * 1000
  for (;;) {
    const value = await read()
    if (value !== undefined && value !== false) return value
    if (performance.now() > deadline) throw new Error(`${what}: not within ${seconds} s`)
    await sleep(30)
  }
}

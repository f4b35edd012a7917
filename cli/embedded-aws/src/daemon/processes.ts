import { setTimeout as sleep } from 'node:timers/promises'

/** Whether a process of this number runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Asks a process to end and waits until it has; one that has ended already is fine. */
export async function endProcess(pid: number): Promise<void> {
  if (isAlive(pid)) process.kill(pid, 'SIGTERM')
  while (isAlive(pid)) await sleep(50)
}

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, knowProcess, processSchema } from './processes.ts'

/**
 * Lets one process at a time start or stop what runs in a folder; one that died is no obstacle.
 * @param onWait called once when another one is at work
 */
export async function withLock<T>(file: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  for (let waited = 0; !(await take(file)); waited++) {
    if (waited === 0) onWait()
    await sleep(100)
  }
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}

async function take(file: string): Promise<boolean> {
  try {
    await writeFile(file, JSON.stringify(knowProcess(process.pid)), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const holder = await readFile(file, 'utf8').then((text) => processSchema.parse(JSON.parse(text)), () => undefined)
    if (!holder || !isAlive(holder)) await rm(file, { force: true })
    return false
  }
}

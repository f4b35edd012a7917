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
  let waits = false
  for (let state = await take(file); state !== 'taken'; state = await take(file)) {
    if (state === 'busy' && !waits) onWait()
    waits ||= state === 'busy'
    await sleep(50)
  }
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}

async function take(file: string): Promise<'taken' | 'busy' | 'left behind'> {
  try {
    await writeFile(file, JSON.stringify(knowProcess(process.pid)), { flag: 'wx', mode: 0o600 })
    return 'taken'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const holder = await readFile(file, 'utf8').then((text) => processSchema.parse(JSON.parse(text)), () => undefined)
    if (holder && isAlive(holder)) return 'busy'
    await rm(file, { force: true })
    return 'left behind'
  }
}

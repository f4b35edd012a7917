// @ts-check
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Lets one set-up of a clone work at a time; one that died is no obstacle.
 * @template T
 * @param {string} folder the lock
 * @param {(line: string) => void} print
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(folder, print, work) {
  await mkdir(dirname(folder), { recursive: true })
  for (let waited = 0; !(await take(folder)); waited++) {
    if (waited === 0) print('  another set-up of this clone is at work; waiting for it')
    await sleep(300)
  }
  try {
    return await work()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** @param {string} folder */
async function take(folder) {
  try {
    await mkdir(folder)
    await writeFile(join(folder, 'pid'), String(process.pid))
    return true
  } catch {
    const pid = Number(await readFile(join(folder, 'pid'), 'utf8').catch(() => ''))
    if (pid ? !isAlive(pid) : await isOld(folder)) await rm(folder, { recursive: true, force: true })
    return false
  }
}

/**
 * Whoever takes the lock writes their id at once; a lock that has been without one for a while belongs to nobody.
 * @param {string} folder
 */
async function isOld(folder) {
  const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Date.now() }))
  return Date.now() - mtimeMs > 5000
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
}

import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive } from './processes.ts'

/** A folder that holds what must not stay: a login, a plan. */
export type TemporaryFolder = { path: string; remove: () => Promise<void> }

/**
 * Makes a folder that only this user may read, named after this process, and removes those that killed processes have left.
 * @param kind what it holds, in one word
 */
export async function makeTemporaryFolder(kind: string): Promise<TemporaryFolder> {
  const prefix = `fargate-ctl-${kind}-`
  const [path] = await Promise.all([mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`)), removeLeftovers(prefix)])
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

async function removeLeftovers(prefix: string): Promise<void> {
  const names = await readdir(tmpdir()).catch(() => [])
  const owner = (name: string) => Number(/^\d+(?=-)/.exec(name.slice(prefix.length))?.[0])
  const left = names.filter((name) => name.startsWith(prefix) && owner(name) > 0 && !isAlive(owner(name)))
  // Another user's may not be removed, and need not.
  await Promise.all(left.map((name) => rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined)))
}

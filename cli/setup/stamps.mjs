// @ts-check
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

/**
 * Whether something was finished for exactly these inputs.
 * @param {string} file
 * @param {string} inputs
 */
export async function isStamped(file, inputs) {
  return (await readFile(file, 'utf8').catch(() => undefined)) === inputs
}

/**
 * Written last, so that whatever was interrupted is done again.
 * @param {string} file
 * @param {string} inputs
 */
export async function stamp(file, inputs) {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, inputs)
}

/**
 * One hash over files and whole folders.
 * @param {string[]} paths
 * @returns {Promise<string>}
 */
export async function hashFiles(paths) {
  const hash = createHash('sha256')
  for (const path of paths) {
    const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => [])
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    for (const file of files.length > 0 ? files.sort() : [path]) hash.update(relative(path, file)).update(await readFile(file))
  }
  return hash.digest('hex')
}

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Project } from '../platform/project.ts'

const listings = new Map<string, Promise<string[]>>()

/**
 * The project's files of a kind, without what is hidden (.github/ is not), installed or built.
 * @param wanted matches a file's path, relative to the project and with forward slashes
 */
export async function findSources({ root }: Project, wanted: RegExp): Promise<string[]> {
  const listing = listings.get(root) ?? listFiles(root)
  listings.set(root, listing)
  return (await listing).filter((path) => wanted.test(path))
}

async function listFiles(root: string, folder = ''): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => [])
  // A virtual environment of Python's, whatever it is called.
  if (entries.some(({ name }) => name === 'pyvenv.cfg')) return []
  const lists = entries.map(async (entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (isLeftOut(entry.name)) return []
    return entry.isDirectory() ? listFiles(root, path) : entry.isFile() ? [path] : []
  })
  return (await Promise.all(lists)).flat().sort()
}

function isLeftOut(name: string): boolean {
  return ['node_modules', '__pycache__', 'dist'].includes(name) || (name.startsWith('.') && name !== '.github')
}

/** The application's Python files. */
export function findPython(project: Project): Promise<string[]> {
  return findSources(project, /^application\/.+\.pyi?$/)
}

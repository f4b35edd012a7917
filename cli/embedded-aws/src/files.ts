import { readFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { UserError } from './user-error.ts'

/**
 * Replaces a file as a whole, so that whoever is cut short leaves the one before; only its owner can read it.
 * @throws UserError when it cannot be written, on a full disk for example
 */
export async function writeJson(file: string, value: unknown): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await writeFile(`${file}.new`, JSON.stringify(value), { mode: 0o600 })
    await rename(`${file}.new`, file)
  } catch (error) {
    await rm(`${file}.new`, { force: true })
    const { code, message } = error as NodeJS.ErrnoException
    const what = code === 'ENOSPC' ? 'The disk is full' : 'The state of the embedded AWS cannot be written'
    throw new UserError(`${what}: ${file} was not saved.`, { fix: 'Make room, or use another folder with --state, and run it again.', cause: message })
  }
}

/**
 * @returns undefined where there is no such file
 * @throws UserError when it is not what the schema says, because another version wrote it or it was cut short
 */
export function readJson<T extends z.ZodType>(file: string, schema: T): z.infer<T> | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    const cause = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message
    throw new UserError(`${file} cannot be read: it is damaged, or another version of embedded-aws wrote it.`, {
      fix: 'Start anew, without what it held: `embedded-aws stop --remove`.',
      cause,
    })
  }
}

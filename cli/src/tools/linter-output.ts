import { isAbsolute, relative, resolve, sep } from 'node:path'
import type { z } from 'zod'
import { CliError } from '../errors.ts'
import type { Project } from '../project.ts'
import { run, type RunOptions } from './run.ts'

/** Linters have nothing to save: an interrupt may end in a kill, of their children too. */
const options: RunOptions = { accept: 'any', killAfterSeconds: 5 }

/**
 * Runs a linter and reads the JSON it prints.
 * @param accept exit codes that come with a report
 * @throws CliError when it ends otherwise, or prints something else
 */
export async function readReport<T extends z.ZodType>(
  schema: T,
  file: string,
  args: readonly string[],
  { accept, ...more }: RunOptions & { accept: readonly number[] },
): Promise<z.infer<T>> {
  const { stdout, stderr, exitCode } = await run(file, args, { ...options, ...more })
  const broken = (cause: string) => new CliError('unavailable', `${file} did not give a report (exit code ${exitCode}).`, { cause })
  if (!accept.includes(exitCode)) throw broken((stderr || stdout).trim().split('\n').slice(-8).join('\n'))
  try {
    return schema.parse(JSON.parse(stdout === '' ? 'null' : stdout))
  } catch (error) {
    throw broken(`${(error as Error).message.slice(0, 300)}\n${stderr.trim().slice(-300)}`)
  }
}

/** A path as linters print it, relative to the project and with forward slashes. */
export function projectPath({ root }: Project, path: string, from = root): string {
  const absolute = isAbsolute(path) ? path : resolve(from, path)
  return relative(root, absolute).split(sep).join('/')
}

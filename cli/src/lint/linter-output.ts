import { isAbsolute, relative, resolve, sep } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { z } from 'zod'
import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import { run, type RunOptions, type RunResult } from '../platform/run.ts'

/** Runs a linter to its end, whatever its exit code. It has nothing to save: an interrupt may end in a kill, and its children end with it. */
export async function runTool(file: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return run(file, args, { accept: 'any', killAfterSeconds: 5, endGroup: true, ...options })
}

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
  const result = await runTool(file, args, more)
  if (!accept.includes(result.exitCode)) throw broken(file, result)
  return parseReport(schema, file, result)
}

/** @throws CliError when what the linter printed is not its report */
export function parseReport<T extends z.ZodType>(schema: T, file: string, result: RunResult): z.infer<T> {
  try {
    return schema.parse(JSON.parse(result.stdout === '' ? 'null' : result.stdout))
  } catch {
    throw broken(file, result)
  }
}

/** The error of a tool that gave no report, with the line of its own that tells why. */
export function broken(file: string, { stdout, stderr, exitCode }: RunResult): CliError {
  const lines = (text: string) => stripVTControlCharacters(text).split('\n').map((line) => line.trim()).filter(Boolean)
  const said = [...lines(stderr), ...lines(stdout)]
  const telling = said.find((line) => /\b(error|fatal|panic|failed|cannot|can't|unable|invalid|not found)\b/i.test(line))
  const cause = telling ?? lines(stderr).at(-1) ?? lines(stdout).at(-1)
  return new CliError('unavailable', `${file} gave no report (exit code ${exitCode}).`, { cause: cause?.slice(0, 500) })
}

/** A path as linters print it, relative to the project and with forward slashes. */
export function projectPath({ root }: Project, path: string, from = root): string {
  const absolute = isAbsolute(path) ? path : resolve(from, path)
  return relative(root, absolute).split(sep).join('/')
}

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import type { Linter } from './linter.ts'
import { broken, parseReport, runTool } from './linter-output.ts'
import { readSarif, sarifSchema } from './sarif.ts'

const ownLinterSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'a name of lower-case letters, digits and hyphens is needed'),
  /** The program and its arguments, run in the project's folder; it prints its report on standard output. */
  command: z.tuple([z.string().min(1)], z.string()),
  format: z.literal('sarif'),
})

const packageSchema = z.looseObject({
  'fargate-ctl': z.looseObject({ linters: z.array(ownLinterSchema).default([]) }).optional(),
})

/**
 * The linters that the project's package.json names:
 * `"fargate-ctl": { "linters": [{ "name": "gosec", "command": ["gosec", "-fmt=sarif", "./..."], "format": "sarif" }] }`.
 * @param taken names that they may not have
 * @throws CliError `usage` when that is not how it is written
 */
export async function findOwnLinters(project: Project, taken: readonly string[]): Promise<Linter[]> {
  const text = await readFile(join(project.root, 'package.json'), 'utf8').catch(() => '{}')
  const named = parsePackage(text)['fargate-ctl']?.linters ?? []
  const names = [...taken]
  for (const { name } of named) {
    if (names.includes(name)) throw wrong(`There are two linters with the name ${name}.`)
    names.push(name)
  }
  return named.map(({ name, command: [program, ...args] }) => ({
    name,
    program,
    async lint(project) {
      const result = await runTool(program, args, { cwd: project.root })
      const { findings, failure } = readSarif(project, parseReport(sarifSchema, name, result))
      if (failure !== undefined) throw broken(name, { ...result, stdout: '', stderr: failure || result.stderr })
      return findings
    },
  }))
}

function parsePackage(text: string): z.infer<typeof packageSchema> {
  const result = packageSchema.safeParse(readJson(text))
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw wrong(`${issue?.path.map(String).join('.') || 'It'}: ${issue?.message}.`)
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (cause) {
    throw wrong((cause as Error).message)
  }
}

function wrong(cause: string): CliError {
  return new CliError('usage', 'The linters in package.json cannot be read.', {
    cause,
    fix: 'Write them as "fargate-ctl": { "linters": [{ "name": "…", "command": ["program", "argument"], "format": "sarif" }] }.',
  })
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { CliError } from '../errors.ts'
import { toSeverity } from '../lint/finding.ts'
import type { Linter } from '../lint/linter.ts'
import { projectPath, readReport } from './linter-output.ts'

const schema = z.object({
  results: z.array(
    z.object({
      check_id: z.string(),
      path: z.string(),
      start: z.object({ line: z.number(), col: z.number() }),
      extra: z.object({ severity: z.string(), message: z.string() }),
    }),
  ),
  errors: z.array(z.object({ level: z.string(), message: z.string().optional() })),
})

/** Our own rules of where input must not flow, in .semgrep/ (https://semgrep.dev/docs/writing-rules/data-flow/taint-mode/overview). */
export const semgrep: Linter = {
  name: 'semgrep',
  versionArgs: ['--version', '--disable-version-check'],
  async lint(project) {
    const rules = join(project.root, '.semgrep')
    if (!existsSync(rules)) throw new CliError('unavailable', 'There are no semgrep rules in .semgrep/.')
    const args = ['scan', '--config', rules, '--metrics=off', '--disable-version-check', '--json', '--quiet', '--exclude', 'fixtures', 'application', 'cli']
    const { results, errors } = await readReport(schema, 'semgrep', args, { cwd: project.root, accept: [0, 1] })
    const broken = errors.find(({ level }) => level === 'error')
    if (broken) throw new CliError('unavailable', 'semgrep could not read its rules or the code.', { cause: broken.message })
    return results.map(({ check_id, path, start, extra }) => ({
      rule: check_id.split('.').at(-1) ?? check_id,
      severity: toSeverity(extra.severity),
      file: projectPath(project, path),
      line: start.line,
      column: start.col,
      message: extra.message,
    }))
  },
}

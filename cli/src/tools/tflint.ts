import { z } from 'zod'
import { toSeverity } from '../lint/finding.ts'
import type { Linter } from '../lint/linter.ts'
import { projectPath, readReport } from './linter-output.ts'
import { run } from './run.ts'

const range = z.object({ filename: z.string(), start: z.object({ line: z.number(), column: z.number() }) })
const schema = z.object({
  issues: z.array(z.object({ rule: z.object({ name: z.string(), severity: z.string(), link: z.string() }), message: z.string(), range })),
  errors: z.array(z.object({ message: z.string(), severity: z.string(), range: range.optional() })),
})

/** https://github.com/terraform-linters/tflint: 0 clean, 2 issues; 1 comes with `errors`. Paths are relative to the working directory. */
export const tflint: Linter = {
  name: 'tflint',
  mandatory: true,
  versionArgs: ['--version'],
  async lint(project) {
    const args = ['--chdir', project.infrastructure, '--format', 'json']
    const { issues, errors } = await readReport(schema, 'tflint', args, { cwd: project.root, accept: [0, 1, 2] })
    return [
      ...issues.map(({ rule, message, range: { filename, start } }) => ({
        rule: rule.name,
        severity: toSeverity(rule.severity),
        file: projectPath(project, filename),
        ...start,
        message,
        url: rule.link,
      })),
      ...errors.map(({ message, range }) => ({
        rule: 'error',
        severity: 'error' as const,
        file: projectPath(project, range?.filename ?? 'infrastructure/.tflint.hcl'),
        line: range?.start.line || 1,
        column: range?.start.column || 1,
        message,
      })),
    ]
  },
  async fix(project) {
    await run('tflint', ['--chdir', project.infrastructure, '--fix'], { accept: 'any' })
  },
}

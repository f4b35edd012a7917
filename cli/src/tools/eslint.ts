import { z } from 'zod'
import { toSeverity } from '../lint/finding.ts'
import type { Linter } from '../lint/linter.ts'
import { projectPath, readReport } from './linter-output.ts'
import { run } from './run.ts'

const schema = z.array(
  z.object({
    filePath: z.string(),
    messages: z.array(
      z.object({ ruleId: z.string().nullable(), severity: z.number(), message: z.string(), line: z.number().optional(), column: z.number().optional() }),
    ),
  }),
)

/** https://eslint.org/docs/latest/use/command-line-interface#exit-codes: 0 clean, 1 findings. */
export const eslint: Linter = {
  name: 'eslint',
  versionArgs: ['--version'],
  async lint(project) {
    const files = await readReport(schema, 'eslint', ['--format', 'json', '.'], { cwd: project.root, accept: [0, 1] })
    return files.flatMap(({ filePath, messages }) =>
      messages.map(({ ruleId, severity, message, line, column }) => ({
        rule: ruleId ?? 'syntax',
        severity: toSeverity(String(severity)),
        file: projectPath(project, filePath),
        line: line || 1,
        column,
        // This rule's own message quotes the secret.
        message: ruleId === 'no-secrets/no-secrets' ? 'A string that looks like a secret.' : message,
      })),
    )
  },
  async fix(project) {
    await run('eslint', ['--fix', '.'], { cwd: project.root, accept: 'any' })
  },
}

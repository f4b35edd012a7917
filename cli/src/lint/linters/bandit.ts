import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { toSeverity } from '../../findings/finding.ts'
import type { Linter } from '../linter.ts'
import { projectPath, readReport } from '../linter-output.ts'
import { findPython } from '../sources.ts'

const schema = z.object({
  results: z.array(
    z.object({
      test_id: z.string(),
      issue_severity: z.string(),
      issue_text: z.string(),
      filename: z.string(),
      line_number: z.number(),
      col_offset: z.number(),
      more_info: z.string(),
    }),
  ),
  errors: z.array(z.object({ filename: z.string(), reason: z.string() })),
})

/** Tests are full of asserts and made-up passwords, which is what they are for. */
const tests = /(^|\/)(tests?\/|test_[^/]*$|conftest\.py$|[^/]*_test\.py$)/

/** https://bandit.readthedocs.io: 1 comes with findings. Its settings are those of application/pyproject.toml, where there are any. */
export const bandit: Linter = {
  name: 'bandit',
  versionArgs: ['--version'],
  find: async (project) => (await findPython(project)).filter((file) => !tests.test(file)),
  async lint(project, files) {
    const settings = join(project.application, 'pyproject.toml')
    const configured = /^\[tool\.bandit/m.test(await readFile(settings, 'utf8').catch(() => ''))
    const args = ['--quiet', '--format', 'json', ...(configured ? ['--configfile', settings] : []), ...files]
    const { results, errors } = await readReport(schema, 'bandit', args, { cwd: project.root, accept: [0, 1] })
    return [
      ...results.map(({ test_id, issue_severity, issue_text, filename, line_number, col_offset, more_info }) => ({
        rule: test_id,
        severity: toSeverity(issue_severity),
        file: projectPath(project, filename),
        line: line_number || 1,
        column: col_offset + 1,
        message: issue_text,
        url: more_info,
      })),
      ...errors.map(({ filename, reason }) => ({
        rule: 'unreadable',
        severity: 'error' as const,
        file: projectPath(project, filename),
        line: 1,
        message: reason,
      })),
    ]
  },
}

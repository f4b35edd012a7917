import { z } from 'zod'
import { toSeverity } from '../lint/finding.ts'
import type { Linter } from '../lint/linter.ts'
import { projectPath, readReport } from './linter-output.ts'

const schema = z.array(
  z.object({ code: z.string(), level: z.string(), file: z.string(), line: z.number(), column: z.number(), message: z.string() }),
)

/** https://github.com/hadolint/hadolint: 1 comes with findings. */
export const hadolint: Linter = {
  name: 'hadolint',
  versionArgs: ['--version'],
  async lint(project) {
    const args = ['--format', 'json', 'application/Dockerfile']
    const findings = await readReport(schema, 'hadolint', args, { cwd: project.root, accept: [0, 1] })
    return findings.map(({ code, level, file, line, column, message }) => ({
      rule: code,
      severity: toSeverity(level),
      file: projectPath(project, file),
      line: line || 1,
      column: column || 1,
      message,
      url: code.startsWith('DL') ? `https://github.com/hadolint/hadolint/wiki/${code}` : `https://www.shellcheck.net/wiki/${code}`,
    }))
  },
}

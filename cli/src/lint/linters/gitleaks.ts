import { z } from 'zod'
import type { Linter } from '../linter.ts'
import { projectPath, readReport } from '../linter-output.ts'

/** The secret itself is among the fields, and is not read. */
const schema = z.array(
  z.object({ RuleID: z.string(), Description: z.string(), File: z.string(), StartLine: z.number(), StartColumn: z.number() }),
)

/** https://github.com/gitleaks/gitleaks; `--redact` keeps secrets out of whatever it prints. */
export const gitleaks: Linter = {
  name: 'gitleaks',
  versionArgs: ['version'],
  async lint(project) {
    const args = ['dir', '.', '--no-banner', '--redact', '--log-level', 'error', '--exit-code', '3', '--report-format', 'json', '--report-path', '-']
    const findings = await readReport(schema, 'gitleaks', args, { cwd: project.root, accept: [0, 3] })
    return findings.map(({ RuleID, Description, File, StartLine, StartColumn }) => ({
      rule: RuleID,
      severity: 'error',
      file: projectPath(project, File),
      line: StartLine || 1,
      column: StartColumn || 1,
      message: Description,
    }))
  },
}

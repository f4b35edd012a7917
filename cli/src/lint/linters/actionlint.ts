import { z } from 'zod'
import type { Linter } from '../linter.ts'
import { projectPath, readReport } from '../linter-output.ts'
import { findSources } from '../sources.ts'

const schema = z.array(
  z.object({ message: z.string(), filepath: z.string(), line: z.number(), column: z.number(), kind: z.string() }),
)

/** https://github.com/rhysd/actionlint/blob/main/docs/usage.md: 1 comes with findings. */
export const actionlint: Linter = {
  name: 'actionlint',
  versionArgs: ['-version'],
  find: (project) => findSources(project, /^\.github\/workflows\/[^/]+\.ya?ml$/),
  async lint(project, files) {
    // Named one by one, because it looks for them in git checkouts only.
    const findings = await readReport(schema, 'actionlint', ['-format', '{{json .}}', ...files], { cwd: project.root, accept: [0, 1] })
    return findings.map(({ message, filepath, line, column, kind }) => ({
      rule: kind,
      severity: 'error',
      file: projectPath(project, filepath),
      line,
      column,
      message,
      url: `https://github.com/rhysd/actionlint/blob/main/docs/checks.md`,
    }))
  },
}

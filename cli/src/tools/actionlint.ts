import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Linter } from '../lint/linter.ts'
import { projectPath, readReport } from './linter-output.ts'

const schema = z.array(
  z.object({ message: z.string(), filepath: z.string(), line: z.number(), column: z.number(), kind: z.string() }),
)

const workflows = '.github/workflows'

/** https://github.com/rhysd/actionlint/blob/main/docs/usage.md: 1 comes with findings. */
export const actionlint: Linter = {
  name: 'actionlint',
  versionArgs: ['-version'],
  async lint(project) {
    // Named one by one, because it looks for them in git checkouts only.
    const names = await readdir(join(project.root, workflows)).catch(() => [])
    const files = names.filter((name) => /\.ya?ml$/.test(name)).map((name) => join(workflows, name))
    if (files.length === 0) return []
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

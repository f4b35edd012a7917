import { z } from 'zod'
import { toSeverity } from '../../findings/finding.ts'
import type { Linter } from '../linter.ts'
import { projectPath, readReport } from '../linter-output.ts'
import { findSources } from '../sources.ts'

const schema = z.object({
  comments: z.array(z.object({ file: z.string(), line: z.number(), column: z.number(), level: z.string(), code: z.number(), message: z.string() })),
})

/** https://github.com/koalaman/shellcheck/wiki/Integration: 1 comes with findings. */
export const shellcheck: Linter = {
  name: 'shellcheck',
  versionArgs: ['--version'],
  find: (project) => findSources(project, /^application\/.+\.(sh|bash)$/),
  async lint(project, files) {
    const { comments } = await readReport(schema, 'shellcheck', ['--format', 'json1', ...files], { cwd: project.root, accept: [0, 1] })
    return comments.map(({ file, line, column, level, code, message }) => ({
      rule: `SC${code}`,
      severity: toSeverity(level),
      file: projectPath(project, file),
      line,
      column,
      message,
      url: `https://www.shellcheck.net/wiki/SC${code}`,
    }))
  },
}

import { z } from 'zod'
import type { Linter } from '../linter.ts'
import { projectPath, readReport, runTool } from '../linter-output.ts'
import { findPython } from '../sources.ts'

const schema = z.array(
  z.object({
    code: z.string().nullable(),
    filename: z.string(),
    location: z.object({ row: z.number(), column: z.number() }),
    message: z.string(),
    fix: z.object({ message: z.string().nullable() }).nullable(),
    url: z.string().nullable(),
  }),
)

/** https://docs.astral.sh/ruff/linter/#exit-codes: 1 comes with findings. It reads the application's own ruff.toml or pyproject.toml. */
export const ruff: Linter = {
  name: 'ruff',
  versionArgs: ['--version'],
  find: findPython,
  async lint(project, files) {
    const args = ['check', '--no-cache', '--force-exclude', '--output-format', 'json', ...files]
    const findings = await readReport(schema, 'ruff', args, { cwd: project.root, accept: [0, 1] })
    return findings.map(({ code, filename, location, message, fix, url }) => ({
      rule: code ?? 'invalid-syntax',
      severity: code === null || code === 'invalid-syntax' ? 'error' : 'warning',
      file: projectPath(project, filename),
      line: location.row || 1,
      column: location.column,
      message,
      fix: fix?.message,
      url,
    }))
  },
  async fix(project, files) {
    await runTool('ruff', ['check', '--no-cache', '--force-exclude', '--fix', ...files], { cwd: project.root })
  },
}

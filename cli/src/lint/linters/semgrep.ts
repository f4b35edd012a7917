import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { CliError } from '../../platform/errors.ts'
import { toSeverity } from '../../findings/finding.ts'
import type { Linter } from '../linter.ts'
import { projectPath, readReport } from '../linter-output.ts'
import { packageFolder } from '../package-folder.ts'
import { findSources } from '../sources.ts'

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

/** The project's rules in .semgrep/, or ours of where input must not flow (https://semgrep.dev/docs/writing-rules/data-flow/taint-mode/overview). */
export const semgrep: Linter = {
  name: 'semgrep',
  versionArgs: ['--version', '--disable-version-check'],
  find: (project) => findSources(project, /^(application|cli)\/.+\.([cm]?[jt]s|[jt]sx|py)$/),
  async lint(project, files) {
    const own = join(project.root, '.semgrep')
    const rules = existsSync(own) ? own : join(packageFolder(), '.semgrep')
    const folders = [...new Set(files.map((file) => file.split('/', 1)[0] ?? file))]
    const args = ['scan', '--config', rules, '--metrics=off', '--disable-version-check', '--json', '--quiet', '--exclude', 'fixtures', ...folders]
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

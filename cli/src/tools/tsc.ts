import { CliError } from '../errors.ts'
import type { Linter, RawFinding } from '../lint/linter.ts'
import { projectPath } from './linter-output.ts'
import { run } from './run.ts'

const line = /^(.+)\((\d+),(\d+)\): error (TS\d+): (.*)$/

/** TypeScript's type check; exit codes 1 and 2 come with errors. */
export const tsc: Linter = {
  name: 'tsc',
  versionArgs: ['--version'],
  async lint(project) {
    const { stdout, exitCode } = await run('tsc', ['--noEmit', '--pretty', 'false'], { cwd: project.root, accept: 'any', killAfterSeconds: 5 })
    const findings = stdout.split('\n').flatMap((text): RawFinding[] => {
      const [, file, row, column, rule, message] = line.exec(text) ?? []
      if (!file || !rule || !message) return []
      return [{ rule, severity: 'error', file: projectPath(project, file), line: Number(row), column: Number(column), message }]
    })
    if (exitCode !== 0 && findings.length === 0) throw new CliError('unavailable', `tsc ended with exit code ${exitCode}.`, { cause: stdout })
    return findings
  },
}

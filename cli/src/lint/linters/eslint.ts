import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { toSeverity } from '../../findings/finding.ts'
import type { Linter, RawFinding } from '../linter.ts'
import type { Project } from '../../platform/project.ts'
import { projectPath, readReport, runTool } from '../linter-output.ts'
import { packageFolder } from '../package-folder.ts'
import { findSources } from '../sources.ts'

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
  find: (project) => findSources(project, /\.([cm]?[jt]s|[jt]sx)$/),
  async lint(project, files) {
    return (await Promise.all(planRuns(project, files).map((run) => lintWith(project, run)))).flat()
  },
  async fix(project, files) {
    for (const { program, args, cwd } of planRuns(project, files)) await runTool(program, [...args, '--fix'], { cwd })
  },
}

type Run = { program: string; args: string[]; cwd: string }

/** An application with a configuration of its own is linted by that, and by its own ESLint; all else by the project's configuration, or ours. */
function planRuns({ root, application }: Project, files: string[]): Run[] {
  const installed = join(application, 'node_modules', '.bin', 'eslint')
  const program = existsSync(installed) ? installed : 'eslint'
  const own = hasConfiguration(application, /^eslint\.config\.[cm]?[jt]s$/) || (program === installed && hasConfiguration(application, /^\.eslintrc/))
  const isInApplication = (file: string) => file.startsWith('application/')
  const runs: Run[] = []
  if (own && files.some(isInApplication)) runs.push({ program, args: ['.'], cwd: application })
  if (hasConfiguration(root, /^eslint\.config\.[cm]?[jt]s$/)) {
    const rest = own ? ['--ignore-pattern', 'application/**'] : []
    if (files.some((file) => !own || !isInApplication(file))) runs.push({ program: 'eslint', args: [...rest, '.'], cwd: root })
  } else if (!own && files.some(isInApplication)) {
    runs.push({ program: 'eslint', args: ['--config', join(packageFolder(), 'cli', 'eslint.application.js'), 'application'], cwd: root })
  }
  return runs
}

function hasConfiguration(folder: string, name: RegExp): boolean {
  return existsSync(folder) && readdirSync(folder).some((each) => name.test(each))
}

async function lintWith(project: Project, { program, args, cwd }: Run): Promise<RawFinding[]> {
  const files = await readReport(schema, program, ['--format', 'json', '--no-error-on-unmatched-pattern', ...args], { cwd, accept: [0, 1] })
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
}

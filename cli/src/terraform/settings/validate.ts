import { CliError } from '../../platform/errors.ts'
import { findProject, type Project } from '../../platform/project.ts'
import type { Terminal } from '../../platform/terminal/terminal.ts'
import { readConfiguration } from './read-configuration.ts'
import { annotateFindings, countFindings, formatFinding } from './report.ts'

/**
 * Prints every finding on stdout.
 * @throws CliError `usage` when one of them is an error
 */
export async function validate(terminal: Terminal, project: Project = findProject()): Promise<void> {
  const { findings } = await readConfiguration(project)
  terminal.printJson({ findings })
  for (const finding of findings) terminal.print(formatFinding(finding, terminal.outColors))
  annotateFindings(findings)
  const counts = countFindings(findings)
  if (findings.some(({ severity }) => severity === 'error')) {
    throw new CliError('usage', `The configuration has ${counts}.`)
  }
  const mark = findings.length === 0 ? terminal.outColors.green('✔') : terminal.outColors.yellow('●')
  terminal.print(`${mark} The configuration is valid: ${counts}.`)
}

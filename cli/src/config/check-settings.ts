import { CliError } from '../errors.ts'
import type { Project } from '../project.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { readConfiguration } from './read-configuration.ts'
import { annotateFindings, countFindings, formatFinding } from './report.ts'
import type { Settings } from './settings.ts'

/**
 * The settings for a command that works with them; every finding is printed on stderr.
 * @throws CliError `usage` when one of them is an error
 */
export async function requireSettings(project: Project, terminal: Terminal): Promise<Settings> {
  const { findings, settings } = await readConfiguration(project)
  for (const finding of findings) process.stderr.write(`${formatFinding(finding, terminal.colors)}\n`)
  annotateFindings(findings)
  if (settings) return settings
  throw new CliError('usage', `The configuration has ${countFindings(findings)}.`, {
    fix: 'Correct the lines above; `fargate-ctl validate` checks them again.',
  })
}

import { CliError } from '../errors.ts'
import type { Project } from '../project.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { Finding } from './findings.ts'
import { readConfiguration } from './read-configuration.ts'
import { annotateFindings, countFindings, formatFinding } from './report.ts'
import type { Settings } from './settings.ts'

/**
 * The settings for a command that works with them; every finding is printed on stderr.
 * @param refused rules whose findings are errors for this command, though only warnings in themselves
 * @throws CliError `usage` when one of them is an error
 */
export async function requireSettings(project: Project, terminal: Terminal, refused: string[] = []): Promise<Settings> {
  const { findings: found, settings } = await readConfiguration(project)
  const findings = found.map((finding): Finding => (refused.includes(finding.rule) ? { ...finding, severity: 'error' } : finding))
  for (const finding of findings) process.stderr.write(`${formatFinding(finding, terminal.colors)}\n`)
  annotateFindings(findings)
  if (settings && findings.every(({ severity }) => severity === 'warning')) return settings
  throw new CliError('usage', `The configuration has ${countFindings(findings)}.`, {
    fix: 'Correct the lines above; `fargate-ctl validate` checks them again.',
  })
}

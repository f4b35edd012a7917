import { existsSync } from 'node:fs'
import type { Finding } from '../../findings/finding.ts'
import { CliError } from '../../platform/errors.ts'
import { findProject, inEnvironment, listEnvironments, type Project } from '../../platform/project.ts'
import type { Terminal } from '../../platform/terminal/terminal.ts'
import { readConfiguration } from './read-configuration.ts'
import { annotateFindings, countFindings, formatFinding } from './report.ts'

/**
 * Prints every finding on stdout: of the environment that is named, or else of all there are.
 * @throws CliError `usage` when one of them is an error
 */
export async function validate(terminal: Terminal, project: Project = findProject()): Promise<void> {
  const findings = await findProblems(listChecked(project))
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

function listChecked(project: Project): Project[] {
  if (project.environment !== undefined) return [project]
  const environments = listEnvironments(project).map((name) => inEnvironment(project, name))
  return environments.length === 0 || existsSync(project.backendFile) ? [project, ...environments] : environments
}

/** Each once: environments have most files in common. */
async function findProblems(projects: Project[]): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const project of projects) findings.push(...(await readConfiguration(project)).findings)
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()]
}

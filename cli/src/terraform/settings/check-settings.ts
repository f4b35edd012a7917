import { existsSync } from 'node:fs'
import { actAs } from '../../platform/aws/role.ts'
import { CliError } from '../../platform/errors.ts'
import { listEnvironments, type Project } from '../../platform/project.ts'
import { hideSecret } from '../../platform/terminal/secrets.ts'
import type { Terminal } from '../../platform/terminal/terminal.ts'
import type { Finding } from '../../findings/finding.ts'
import { readConfigurationOnce } from './cache.ts'
import { outputsRule } from './check-contract.ts'
import { versionRule } from './describe-diagnostic.ts'
import { annotateFindings, countFindings, formatFinding } from './report.ts'
import type { Settings } from './settings.ts'

/**
 * What is an error for commands that deploy: Terraform prefers a file's image_tag to TF_VAR_image_tag, so that another image
 * than the checked one would run; and without outputs nothing can be proved.
 */
export const refusedToDeploy = ['inputs/image-tag', outputsRule]

/**
 * The settings for a command that works with them; every finding is printed on stderr. From here on AWS is asked as the
 * role that they name.
 * @param refused rules whose findings are errors for this command, though only warnings in themselves
 * @throws CliError `usage` when one of them is an error
 */
export async function requireSettings(project: Project, terminal: Terminal, refused: string[] = []): Promise<Settings> {
  const { findings: found, settings } = await readConfigurationOnce(project)
  const findings = found.map((finding): Finding => (refused.includes(finding.rule) ? { ...finding, severity: 'error' } : finding))
  for (const finding of findings) process.stderr.write(`${formatFinding(finding, terminal.colors)}\n`)
  annotateFindings(findings)
  if (settings && findings.every(({ severity }) => severity !== 'error')) {
    actAs(settings.inputs)
    for (const name of settings.variables.sensitive) hideSecret(process.env[`TF_VAR_${name}`] ?? '')
    return settings
  }
  throw new CliError(findings.some(({ rule }) => rule === versionRule) ? 'unavailable' : 'usage', `The configuration has ${countFindings(findings)}.`, {
    fix: adviceOnEnvironments(project) ?? 'Correct the lines above; `fargate-ctl validate` checks them again.',
  })
}

/** Where infrastructure/ itself describes no environment, one of others is meant. */
function adviceOnEnvironments(project: Project): string | undefined {
  const names = project.environment === undefined && !existsSync(project.backendFile) ? listEnvironments(project) : []
  return names.length > 0 ? `Name an environment with --env (or FARGATE_CTL_ENV): ${names.join(', ')}.` : undefined
}

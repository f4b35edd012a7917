import type { Project } from '../platform/project.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { openDeployed, type Deployed } from '../rollout/open.ts'
import { requireSettings } from '../terraform/settings/check-settings.ts'

/**
 * Opens the service that Terraform has deployed; initialises terraform where nobody has yet.
 * @throws CliError `usage` for a configuration with errors, `unavailable` when nothing is deployed
 */
export async function openDeployedService(project: Project, terminal: Terminal): Promise<Deployed> {
  return openDeployed(project, await requireSettings(project, terminal), terminal)
}

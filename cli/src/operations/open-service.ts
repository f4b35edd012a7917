import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { findDeployedService, readServiceOutputs, type DeployedService, type Outputs } from '../rollout/service.ts'
import { init, needsInit } from '../terraform/init.ts'
import { requireSettings } from '../terraform/settings/check-settings.ts'
import { backendFile } from '../terraform/settings/read-files.ts'
import { readOutputs } from '../terraform/terraform.ts'

export type Deployed = { service: DeployedService; outputs: Outputs }

/**
 * Opens the service that Terraform has deployed; initialises terraform where nobody has yet.
 * @throws CliError `usage` for a configuration with errors, `unavailable` when nothing is deployed
 */
export async function openDeployedService(project: Project, terminal: Terminal): Promise<Deployed> {
  const { inputs } = await requireSettings(project, terminal)
  const terraform = { folder: project.infrastructure, env: {} }
  if (await needsInit(terraform, backendFile)) await terminal.step('terraform init', (say) => init(terraform, backendFile, say))
  const values = await readOutputs(terraform)
  const outputs = readServiceOutputs(values)
  const service = findDeployedService(inputs.region, outputs)
  if (service) return { service, outputs }
  if (Object.keys(values).length === 0) {
    throw new CliError('unavailable', "Nothing is deployed: Terraform's state has no outputs.", { fix: 'Deploy first: `fargate-ctl deploy --build`.' })
  }
  throw new CliError('unavailable', "Terraform's outputs name no ECS service.", { fix: 'Let infrastructure/outputs.tf give service_arn.' })
}

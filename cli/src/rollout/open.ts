import { requireAccount } from '../platform/aws/sts.ts'
import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { init, needsInit } from '../terraform/init.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { readOutputs, type Terraform } from '../terraform/terraform.ts'
import { terraformFor } from '../terraform/terraform-for.ts'
import { findDeployedService, readServiceOutputs, type DeployedService, type Outputs } from './service.ts'

/** Runs `terraform init` where something that it reads has changed. */
export async function ensureInit(terraform: Terraform, terminal: Terminal): Promise<void> {
  if (await needsInit(terraform)) await terminal.step('terraform init', (say) => init(terraform, say))
}

/** The service that is deployed, and Terraform's outputs, which name it. */
export type Deployed = { service: DeployedService; outputs: Outputs }

/**
 * Opens what Terraform's state says is deployed; changes nothing.
 * @throws CliError `unavailable` where nothing is, or the outputs do not name the service
 */
export async function openDeployed(project: Project, { inputs }: Settings, terminal: Terminal): Promise<Deployed> {
  const terraform = terraformFor(project)
  await requireAccount(inputs)
  await ensureInit(terraform, terminal)
  const values = await readOutputs(terraform)
  const outputs = readServiceOutputs(values)
  const service = findDeployedService(inputs.region, outputs)
  if (service) return { service, outputs }
  if (Object.keys(values).length === 0) {
    throw new CliError('unavailable', "Nothing is deployed: Terraform's state has no outputs.", { fix: 'Deploy first: `fargate-ctl deploy --build`.' })
  }
  throw new CliError('unavailable', "Terraform's outputs name no ECS service.", { fix: 'Let infrastructure/outputs.tf give service_arn.' })
}

import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { init, needsInit } from '../terraform/init.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { readOutputs, type Terraform } from '../terraform/terraform.ts'
import { findDeployedService, readServiceOutputs, type DeployedService, type Outputs } from './service.ts'

const backendFile = 's3.tfbackend'

/** Runs `terraform init` where something that it reads has changed. */
export async function ensureInit(terraform: Terraform, terminal: Terminal): Promise<void> {
  if (await needsInit(terraform, backendFile)) await terminal.step('terraform init', (say) => init(terraform, backendFile, say))
}

/**
 * Opens what Terraform's state says is deployed; changes nothing.
 * @throws CliError `unavailable` where nothing is, or the outputs do not name the service
 */
export async function openDeployed(project: Project, { inputs }: Settings, terminal: Terminal): Promise<{ outputs: Outputs; service: DeployedService }> {
  const terraform: Terraform = { folder: project.infrastructure, env: {} }
  await ensureInit(terraform, terminal)
  const outputs = readServiceOutputs(await readOutputs(terraform))
  const service = findDeployedService(inputs.region, outputs)
  if (service) return { outputs, service }
  throw new CliError('unavailable', "Terraform's state names no ECS service: nothing is deployed yet, or the outputs are missing.", {
    fix: 'Deploy first: fargate-ctl deploy --build. If that is done, let infrastructure/outputs.tf give service_arn.',
  })
}

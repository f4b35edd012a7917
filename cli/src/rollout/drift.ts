import { join } from 'node:path'
import { requireBucket } from '../platform/aws/s3.ts'
import { getIdentity, requireAccount } from '../platform/aws/sts.ts'
import type { Project } from '../platform/project.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { groupDrift, type DriftGroup } from '../terraform/plan/group-drift.ts'
import { readPlan } from '../terraform/plan/read-plan.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { planTerraform } from '../terraform/terraform.ts'
import { openTerraform, withPlanFolder } from './prepare.ts'

/** What differs from Terraform's state, each kind of change once. */
export type Drift = { groups: DriftGroup[] }

/**
 * Looks for what was changed outside Terraform; nothing is written, not even the state
 * (https://developer.hashicorp.com/terraform/cli/commands/plan#planning-modes).
 * @throws CliError
 */
export async function findDrift(project: Project, { inputs, backend }: Settings, terminal: Terminal): Promise<Drift> {
  await requireAccount(inputs)
  await terminal.step('Check account and bucket', () => Promise.all([getIdentity(inputs.region), requireBucket(backend)]))
  const terraform = await openTerraform(project, undefined, {}, terminal)
  return withPlanFolder(async (folder) => {
    const file = join(folder, 'drift.tfplan')
    await terminal.step('terraform plan -refresh-only', (say) => planTerraform(terraform, file, say, ['-refresh-only']))
    const { drift } = await terminal.step('Read the plan', () => readPlan(terraform, file))
    return { groups: groupDrift(drift) }
  })
}

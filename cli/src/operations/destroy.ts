import { join } from 'node:path'
import { requireBucket } from '../platform/aws/s3.ts'
import { getIdentity, requireAccount } from '../platform/aws/sts.ts'
import { CliError } from '../platform/errors.ts'
import { settingsFile, type Project } from '../platform/project.ts'
import { ask } from '../platform/terminal/ask.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { ensureInit } from '../rollout/open.ts'
import { variablesOf, withPlanFolder } from '../rollout/prepare.ts'
import { typedTerraform } from '../terraform/program.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { applyTerraform, planTerraform, showPlan, type Terraform } from '../terraform/terraform.ts'
import { terraformFor } from '../terraform/terraform-for.ts'

/** What `destroy --json` prints. */
export type DestroyResult = { environment: string; destroyed: string[]; kept: string[] }

/**
 * Destroys all that Terraform's state holds, once its environment's name has been typed.
 * @param confirmed the name, where nobody can be asked
 * @throws CliError `usage` for another name or what is protected, before anything is touched; `deploymentFailed`
 */
export async function destroy(project: Project, settings: Settings, confirmed: string | undefined, terminal: Terminal): Promise<DestroyResult> {
  const { backend, inputs } = settings
  requireName(confirmed, inputs.env)
  await requireAccount(inputs)
  await terminal.step('Check account and bucket', () => Promise.all([getIdentity(inputs.region), requireBucket(backend)]))
  const terraform = terraformFor(project, variablesOf())
  await ensureInit(terraform, terminal)
  return withPlanFolder(async (folder) => {
    const planFile = join(folder, 'destroy.tfplan')
    const doomed = await terminal.step('terraform plan -destroy', async (say) => {
      await planTerraform(terraform, planFile, say, ['-destroy'])
      return readDoomed(terraform, planFile)
    })
    const kept = describeKept(settings)
    const result = { environment: inputs.env, destroyed: doomed.map(({ address }) => address), kept }
    if (doomed.length === 0) return finish('Nothing is left to destroy.', result, terminal)
    printDoomed(doomed, kept, terminal)
    requireUnprotected(doomed, settings, terraform)
    if (confirmed === undefined) await askForName(inputs.env, terminal)
    const { leftover } = await terminal.step('terraform apply', (say) => applyTerraform(terraform, planFile, say))
    if (leftover?.isUnsaved) throw leftover.error
    if (leftover) terminal.warn([leftover.error.message, leftover.error.fix].join('\n'))
    return finish(`${inputs.name}-${inputs.env} is destroyed: ${doomed.length} resources.`, result, terminal)
  })
}

/** A resource that is about to be destroyed, with its attributes as they are now. */
type Doomed = { address: string; type: string; before: Record<string, unknown> }

async function readDoomed(terraform: Terraform, planFile: string): Promise<Doomed[]> {
  const { resource_changes: changes } = await showPlan(terraform, planFile)
  return changes.flatMap(({ address, type, change: { actions, before } }) =>
    actions.includes('delete') ? [{ address, type, before: (before ?? {}) as Record<string, unknown> }] : [],
  )
}

function finish(sentence: string, result: DestroyResult, terminal: Terminal): DestroyResult {
  terminal.print(sentence)
  terminal.printJson(result)
  return result
}

function requireName(confirmed: string | undefined, name: string): void {
  if (confirmed !== undefined && confirmed !== name) {
    throw new CliError('usage', `--confirm ${confirmed}: this environment is ${name}. Nothing was destroyed.`, { fix: `See that this is the environment that you mean; ${settingsFile('inputs')} names it.` })
  }
  if (confirmed !== undefined || (process.stdin.isTTY && process.stderr.isTTY)) return
  throw new CliError('usage', "There is no terminal to ask for the environment's name.", { fix: `To destroy it without being asked: --confirm ${name}` })
}

/** What is in the account for this environment and not in the state. */
function describeKept({ backend, inputs }: Settings): string[] {
  return [
    `the images in the ECR repository ${inputs.repository_name}`,
    `the state and what lies beside it in s3://${backend.bucket}, with its earlier versions`,
    'the revisions of the task definition',
  ]
}

/** By kind; what cannot be made anew is named. */
function printDoomed(doomed: Doomed[], kept: string[], terminal: Terminal): void {
  const { bold, dim, red } = terminal.outColors
  terminal.note(red(bold(`${doomed.length} resources will be destroyed:`)))
  const kinds = Map.groupBy(doomed, ({ type }) => type)
  for (const [type, resources] of [...kinds].sort(([a], [b]) => a.localeCompare(b))) {
    terminal.note(`  ${red('-')} ${type}${resources.length > 1 ? ` (${resources.length})` : ''} ${dim(resources.map(nameOf).filter(Boolean).join(', '))}`)
  }
  const logs = doomed.filter(({ type }) => type === 'aws_cloudwatch_log_group').map(nameOf)
  if (logs.length > 0) terminal.note(`All that was logged is lost: ${logs.join(', ')}.`)
  terminal.note(`Kept: ${kept.join('; ')}.`)
}

const nameOf = ({ before }: Doomed): string => ['name', 'id'].map((key) => before[key]).find((value) => typeof value === 'string') ?? ''

/** AWS would refuse these in the middle, when half is gone; or they hold what is to be kept. */
function requireUnprotected(doomed: Doomed[], { backend, inputs }: Settings, terraform: Terraform): void {
  const isOn = ({ before }: Doomed) => ['enable_deletion_protection', 'deletion_protection', 'deletion_protection_enabled'].some((name) => before[name] === true)
  const isHome = ({ type, before }: Doomed) =>
    (type === 'aws_s3_bucket' && before.bucket === backend.bucket) || (type === 'aws_ecr_repository' && before.name === inputs.repository_name)
  const protectedOnes = doomed.filter(isOn)
  if (protectedOnes.length > 0) {
    throw new CliError('usage', `Protected against deletion: ${protectedOnes.map(({ address }) => address).join(', ')}. Nothing was destroyed.`, {
      fix: `If it is to go: set deletion_protection = false in ${settingsFile('inputs')}, deploy, and destroy again.`,
    })
  }
  const homes = doomed.filter(isHome)
  if (homes.length === 0) return
  throw new CliError('usage', `The state or the images would go, too: ${homes.map(({ address }) => address).join(', ')}. Nothing was destroyed.`, {
    fix: `Take them out of the state first: ${homes.map(({ address }) => `${typedTerraform(terraform)} state rm '${address}'`).join('; ')}`,
  })
}

async function askForName(name: string, terminal: Terminal): Promise<void> {
  const answer = await ask(`${terminal.colors.bold('Type the name of the environment to destroy it')} (${name}): `)
  if (answer !== name) throw new CliError('usage', 'That is not its name; nothing was destroyed.')
}

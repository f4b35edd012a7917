import type { Release } from '../release/release.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { CliError } from '../platform/errors.ts'
import { interruption } from '../platform/interrupts.ts'
import type { Project } from '../platform/project.ts'
import type { StepTime, Terminal } from '../platform/terminal/terminal.ts'
import { followApply } from '../terraform/progress.ts'
import { applyTerraform, readOutputs } from '../terraform/terraform.ts'
import { approve } from './approve.ts'
import { countChanges, readChanges, type Changes } from '../terraform/changes.ts'
import { namingLog, withPlan, type PreparedPlan, type PrepareFlags } from './prepare.ts'
import { printChanges } from './print-changes.ts'
import type { Proof } from './prove.ts'
import { requireServed, type Served } from './outcome.ts'
import { readServiceOutputs } from './service.ts'

export type DeployFlags = PrepareFlags & {
  /** The file of a sealed plan, which is applied instead of a new one. */
  plan?: string | undefined
  planOnly: boolean
  autoApprove: boolean
  /** Seconds to wait for the proof that the release serves. */
  timeout: number
  /** How many of AWS's seconds pass in one; more than one only in a rehearsal. */
  speed?: number
}

/** What `deploy --json` prints. */
export type DeployResult = {
  url: string | null
  image: { repository: string; tag: string; digest: string }
  /** As the app tells it; null where it does not. */
  version: string | null
  /** What proves that the image serves; null after --plan-only. */
  proof: Proof | null
  changes: Record<keyof Changes, number>
  steps: StepTime[]
}

/**
 * Checks everything, plans (or opens the sealed plan), asks, applies that very plan, and waits for the proof that the release serves.
 * @throws CliError
 */
export async function deploy(
  project: Project,
  settings: Settings,
  flags: DeployFlags,
  terminal: Terminal,
): Promise<DeployResult> {
  // Whoever hands over a sealed plan has approved it.
  const isApproved = flags.autoApprove || flags.plan !== undefined
  if (!flags.planOnly && !isApproved) requireSomeoneToAsk()
  return withPlanOf(project, settings, flags, terminal, async ({ release, terraform, file, plan }) => {
    const changes = readChanges(plan)
    printChanges(changes, plan.isEmpty, terminal)
    const { repository, tag, digest } = release
    const result = { image: { repository, tag, digest }, changes: countChanges(changes), steps: terminal.times }
    if (flags.planOnly) return { url: null, version: null, proof: null, ...result }
    if (!plan.isEmpty && !isApproved) await approve(changes, terminal)
    const outputs = plan.isEmpty
      ? await readOutputs(terraform)
      : await namingLog(terraform, terminal, terminal.step('terraform apply', (say) => applyTerraform({ ...terraform, onMessage: followApply(plan, say) }, file, say)))
    const { url, served } = await waitUntilServed(release, outputs, !plan.isEmpty, settings, flags, terminal)
    return { url, version: served.version, proof: served.proof, ...result }
  })
}

async function withPlanOf(
  project: Project,
  settings: Settings,
  { plan, ...flags }: DeployFlags,
  terminal: Terminal,
  work: (prepared: PreparedPlan) => Promise<DeployResult>,
): Promise<DeployResult> {
  if (plan === undefined) return withPlan(project, settings, flags, terminal, work)
  const { withSealedPlan } = await import('./seal.ts')
  return withSealedPlan(project, settings, plan, terminal, work)
}

/** @throws CliError `deploymentFailed`, or `unavailable` where something is missing without which nothing is proved */
async function waitUntilServed(
  release: Release,
  outputs: Record<string, unknown>,
  applied: boolean,
  { inputs }: Settings,
  flags: DeployFlags,
  terminal: Terminal,
): Promise<{ url: string; served: Served }> {
  const read = readServiceOutputs(outputs)
  const { alb_url: url } = read
  if (!url) throw noUrl()
  // ECS's client takes long to load, and a plan needs none.
  const { watchRollout } = await import('./watch.ts')
  const options = { release, outputs: { ...read, alb_url: url }, region: inputs.region, applied, timeoutSeconds: flags.timeout, speed: flags.speed ?? 1 }
  const served = await terminal.step('Wait for the proof that it serves', async (say) => {
    const outcome = await watchRollout(options, terminal, say).catch((error: unknown) => {
      throw applied && error === interruption.reason ? interrupted(error as CliError) : error
    })
    return requireServed(outcome, release)
  })
  return { url, served }
}

function interrupted({ message, exitCode }: CliError): CliError {
  return new CliError('interrupted', `${message} Terraform has applied, and ECS goes on with the deployment.`, {
    exitCode,
    fix: 'Run the same command again to see what became of it.',
  })
}

function noUrl(): CliError {
  return new CliError('deploymentFailed', 'Terraform has applied, but its output alb_url is no URL: the app cannot be asked.', {
    fix: "Let infrastructure/outputs.tf give the load balancer's URL as alb_url, and deploy again.",
  })
}

function requireSomeoneToAsk(): void {
  if (process.stdin.isTTY && process.stderr.isTTY) return
  throw new CliError('usage', 'There is no terminal to ask for approval.', {
    fix: 'Add --auto-approve, or --plan-only to look without changing anything.',
  })
}

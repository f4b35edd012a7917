import type { Release } from '../release/release.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { CliError } from '../platform/errors.ts'
import { interruption } from '../platform/interrupts.ts'
import type { Project } from '../platform/project.ts'
import type { StepTime, Terminal } from '../platform/terminal/terminal.ts'
import { followApply } from '../terraform/progress.ts'
import { applyTerraform, readOutputs, type Applied } from '../terraform/terraform.ts'
import { approve } from './approve.ts'
import { countChanges, readChanges, type Changes } from '../terraform/changes.ts'
import { markProved } from './mark-proved.ts'
import { namingLog, withPlan, withPlanOf, type LockFlags, type Prepared, type PreparedPlan, type PrepareFlags } from './prepare.ts'
import { printChanges } from './print-changes.ts'
import type { Observed } from './observe.ts'
import type { Proof } from './prove.ts'
import { requireHoldable, withHook } from './hold.ts'
import { requireServed, type Held, type Served } from './outcome.ts'
import { withReceipt, type Attempt, type Evidence } from './receipt/record.ts'
import { readServiceOutputs } from './service.ts'
import { refuseHeld, refuseKnownBad, tellNothingBegins, tellTruth } from './truth.ts'
import { usualApply, usualSeconds } from './usual.ts'

export type DeployFlags = PrepareFlags & RolloutFlags & {
  /** The file of a sealed plan, which is applied instead of a new one. */
  plan?: string | undefined
  /** Done with the release before the apply, and only if there is something to apply; what it throws ends the deployment. */
  before?: (release: Release, outputs: Record<string, unknown>, terminal: Terminal) => Promise<void>
}

/** What counts for a release that is in ECR. */
export type RolloutFlags = LockFlags & WatchFlags & {
  planOnly: boolean
  autoApprove: boolean
  /** Whether a version may be deployed that ECS has rolled back. */
  allowKnownBad: boolean
  /** Whether ECS is to wait for somebody's decision when the new tasks are healthy. */
  hold?: boolean
}

/** What counts for the watch. */
export type WatchFlags = {
  /** Seconds to wait for the proof that the release serves. */
  timeout: number
  /** Seconds to watch on for a crash once it serves. */
  bake?: number
  /** Leaves it to ECS when to give up. */
  keepTrying?: boolean
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
  /** What waits for `continue` or `rollback` after --hold; else null. */
  held: { deployment: string; expiresAt: string | null; timeoutAction: string } | null
  /** The receipt's id; null after --plan-only. */
  receipt: string | null
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
  const work = (prepared: PreparedPlan) => applyPlan({ project, settings, command: 'deploy' }, prepared, { ...flags, autoApprove: isApproved }, terminal)
  if (flags.plan === undefined) return withPlan(project, settings, flags, terminal, work)
  const { withSealedPlan } = await import('./seal.ts')
  return withSealedPlan(project, settings, flags.plan, flags, terminal, work)
}

/** Which command deploys what. */
export type Deployment = Pick<Attempt, 'project' | 'settings' | 'command' | 'promotedFrom'>

/** The same for a release that is in ECR. @throws CliError */
export function deployRelease(deployment: Deployment, prepared: Prepared, flags: RolloutFlags, terminal: Terminal): Promise<DeployResult> {
  return withPlanOf(deployment.project, deployment.settings, prepared, flags, terminal, (plan) => applyPlan(deployment, plan, flags, terminal))
}

/** Shows the plan and what it would undo, asks, applies it, waits for the proof, and keeps a receipt of it all. */
async function applyPlan(deployment: Deployment, prepared: PreparedPlan, flags: RolloutFlags & Pick<DeployFlags, 'before'>, terminal: Terminal): Promise<DeployResult> {
  const { release, identity, terraform, plan, truth } = prepared
  const { repository, tag, digest } = release
  tellTruth(truth, terminal)
  if (!plan.isEmpty && !flags.allowKnownBad) refuseKnownBad(truth, release)
  if (!plan.isEmpty) refuseHeld(truth)
  const changes = readChanges(plan)
  printChanges(changes, plan.isEmpty, terminal)
  const result = { image: { repository, tag, digest }, changes: countChanges(changes), steps: terminal.times }
  if (flags.planOnly) return { url: null, version: null, proof: null, held: null, receipt: null, ...result }
  const holding = flags.hold && !plan.isEmpty ? requireHoldable(deployment.settings, await readOutputs(terraform)) : undefined
  if (!plan.isEmpty && !flags.autoApprove) await approve(changes, terminal)
  const before = truth.live && { taskDefinition: truth.live.taskDefinition, digest: truth.live.digest }
  const work = () => withReceipt({ ...deployment, identity, release, changes, before }, terminal, async (evidence) => {
    if (flags.before && !plan.isEmpty) await flags.before(release, await readOutputs(terraform), terminal)
    const { outputs, leftover } = plan.isEmpty
      ? { outputs: await readOutputs(terraform), leftover: undefined }
      : await applyAndFollow(prepared, changes, evidence, terminal)
    evidence.outputs = outputs
    if (plan.isEmpty) tellNothingBegins(truth, outputs, terminal)
    if (leftover) terminal.warn([leftover.error.message, leftover.error.fix].join('\n'))
    const applied = !plan.isEmpty
    const { url, outcome } = await waitUntilServed(deployment, { release, identity, receipts: prepared.receipts, applied, usualSeconds: usualSeconds(prepared.receipts, changes, proofStage) }, evidence, flags, terminal)
    if (holding && outcome.kind === 'served') terminal.warn('ECS did not hold the deployment: it is complete.')
    // It serves, but the next apply would not know of this one.
    if (leftover?.isUnsaved) throw leftover.error
    return { url, ...describeOutcome(outcome), receipt: evidence.id, ...result }
  })
  return holding ? withHook(holding, terminal, work) : work()
}

/** What the outcome means for who called. */
export function describeOutcome(outcome: Served | Held): Pick<DeployResult, 'version' | 'proof' | 'held'> {
  if (outcome.kind === 'served') return { version: outcome.version, proof: outcome.proof, held: null }
  const { deployment, expiresAt, timeoutAction } = outcome.hold
  return { version: null, proof: null, held: { deployment, expiresAt: expiresAt?.toISOString() ?? null, timeoutAction } }
}

const applyStage = 'terraform apply'
const proofStage = 'Wait for the proof that it serves'

function applyAndFollow({ terraform, file, plan, receipts }: PreparedPlan, changes: Changes, evidence: Evidence, terminal: Terminal): Promise<Applied> {
  const apply = terminal.step(applyStage, (say) => {
    const { onMessage, slow } = followApply(plan, say, usualApply(receipts, changes, applyStage))
    evidence.slow = slow
    return applyTerraform({ ...terraform, onMessage }, file, say)
  })
  return namingLog(terraform, terminal, apply)
}

/**
 * @param deployed `applied`: whether Terraform has applied something, or somebody has let a held deployment go on;
 *   `usualSeconds`: what the wait took of late
 * @param flags `decidedHook`: the lifecycle hook of the deployment that somebody has decided
 * @returns held only where --hold asks for it
 * @throws CliError `deploymentFailed`, or `unavailable` where something is missing without which nothing is proved
 */
export async function waitUntilServed(
  { project, settings }: Pick<Deployment, 'project' | 'settings'>,
  { release, identity, receipts, applied, usualSeconds: usual }: Pick<PreparedPlan, 'release' | 'identity' | 'receipts'> & { applied: boolean; usualSeconds?: number | undefined },
  evidence: Evidence,
  flags: WatchFlags & { hold?: boolean; decidedHook?: string },
  terminal: Terminal,
): Promise<{ url: string; outcome: Served | Held }> {
  const read = readServiceOutputs(evidence.outputs)
  const { alb_url: url } = read
  if (!url) throw noUrl()
  // ECS's client takes long to load, and a plan needs none.
  const { watchRollout } = await import('./watch/watch.ts')
  const { timeout: timeoutSeconds, bake: bakeSeconds = 0, keepTrying = false, speed = 1, decidedHook } = flags
  const locateInputs = async () => (await import('../terraform/settings/locate-inputs.ts')).locateInputs(project)
  const onLook = (seen: Observed) => (evidence.seen = seen)
  const { region, name, env } = settings.inputs
  const about = { release, region, account: identity.account, environment: `${name}-${env}`, tags: new Map(receipts.map((each) => [each.release.digest, each.release.tag])) }
  const watched = { timeoutSeconds, bakeSeconds, keepTrying, speed, decidedHook, usualSeconds: usual, locateInputs, onLook }
  const options = { ...about, outputs: { ...read, alb_url: url }, applied, ...watched }
  const reached = await terminal.step(proofStage, async (say) => {
    const outcome = await watchRollout(options, terminal, say).catch((error: unknown) => {
      throw applied && error === interruption.reason ? interrupted(error as CliError) : error
    })
    evidence.outcome = outcome
    return outcome.kind === 'held' && flags.hold ? outcome : requireServed(outcome, release)
  })
  if (reached.kind === 'served') await markProved(release, settings, terminal)
  return { url, outcome: reached }
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

/** @throws CliError `usage` where nobody can be asked for approval */
export function requireSomeoneToAsk(): void {
  if (process.stdin.isTTY && process.stderr.isTTY) return
  throw new CliError('usage', 'There is no terminal to ask for approval.', {
    fix: 'Add --auto-approve, or --plan-only to look without changing anything.',
  })
}

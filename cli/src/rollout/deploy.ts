import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { requireBucket } from '../platform/aws/s3.ts'
import { getIdentity, type Identity } from '../platform/aws/sts.ts'
import { build, type BuildFlags } from '../release/build.ts'
import { findRelease } from '../release/find-release.ts'
import type { Release } from '../release/release.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { CliError } from '../platform/errors.ts'
import { interruption } from '../platform/interrupts.ts'
import type { Project } from '../platform/project.ts'
import type { StepTime, Terminal } from '../platform/terminal/terminal.ts'
import { applyTerraform, planTerraform, readOutputs, type Terraform } from '../terraform/terraform.ts'
import { approve } from './approve.ts'
import { countChanges, readChanges, type Changes } from '../terraform/changes.ts'
import { ensureInit } from './open.ts'
import { printChanges } from './print-changes.ts'
import type { Observed } from './observe.ts'
import type { Proof } from './prove.ts'
import { requireServed, type Served } from './outcome.ts'
import { withReceipt, type Attempt, type Evidence } from './receipt/record.ts'
import { openReceipts } from './receipt/store.ts'
import { readServiceOutputs } from './service.ts'
import { readTruth, refuseKnownBad, tellTruth } from './truth.ts'

export type DeployFlags = BuildFlags & RolloutFlags & { build: boolean }

/** What counts for a release that is in ECR. */
export type RolloutFlags = {
  planOnly: boolean
  autoApprove: boolean
  /** Whether a version may be deployed that ECS has rolled back. */
  allowKnownBad: boolean
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
  /** The receipt's id; null after --plan-only. */
  receipt: string | null
  changes: Record<keyof Changes, number>
  steps: StepTime[]
}

/** As many as say what was taken back of late. */
const receiptsRead = 20

/**
 * Checks everything, plans, asks, applies that very plan, and waits for the proof that the release serves.
 * @throws CliError
 */
export async function deploy(
  project: Project,
  settings: Settings,
  flags: DeployFlags,
  terminal: Terminal,
): Promise<DeployResult> {
  if (!flags.planOnly && !flags.autoApprove) requireSomeoneToAsk()
  const { release, identity } = await prepareRelease(project, settings, flags, terminal)
  return deployRelease({ project, settings, command: 'deploy', identity, release }, flags, terminal)
}

/** What is deployed, by whom, with which command. */
export type Deployment = Omit<Attempt, 'changes' | 'before'>

/** The same for a release that is in ECR. @throws CliError */
export async function deployRelease(deployment: Deployment, flags: RolloutFlags, terminal: Terminal): Promise<DeployResult> {
  const { project, settings, release } = deployment
  const terraform: Terraform = { folder: project.infrastructure, env: variablesOf(release) }
  await ensureInit(terraform, terminal)
  const folder = await mkdtemp(join(tmpdir(), 'fargate-ctl-plan-'))
  try {
    const planFile = join(folder, 'deploy.tfplan')
    const [plan, truth] = await Promise.all([
      terminal.step('terraform plan', (say) => planTerraform(terraform, planFile, say)),
      readTruth(settings.inputs.region, readOutputs(terraform), openReceipts(project, settings, terminal).newest(receiptsRead)),
    ])
    tellTruth(truth, terminal)
    if (!plan.isEmpty && !flags.allowKnownBad) refuseKnownBad(truth, release)
    const changes = readChanges(plan)
    printChanges(changes, plan.isEmpty, terminal)
    const { repository, tag, digest } = release
    const result = { image: { repository, tag, digest }, changes: countChanges(changes), steps: terminal.times }
    if (flags.planOnly) return { url: null, version: null, proof: null, receipt: null, ...result }
    if (!plan.isEmpty && !flags.autoApprove) await approve(changes, terminal)
    return await withReceipt({ ...deployment, changes, before: truth.live && { taskDefinition: truth.live.taskDefinition, digest: truth.live.digest } }, terminal, async (evidence) => {
      evidence.outputs = plan.isEmpty
        ? await readOutputs(terraform)
        : await terminal.step('terraform apply', (say) => applyTerraform(terraform, planFile, say))
      const { url, served } = await waitUntilServed(release, evidence, !plan.isEmpty, settings, flags, terminal)
      return { url, version: served.version, proof: served.proof, receipt: evidence.id, ...result }
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What Terraform is told of the release; it ignores variables that a configuration does not declare. */
function variablesOf({ tag, digest, commit }: Release): Record<string, string> {
  return { TF_VAR_image_tag: tag, TF_VAR_image_digest: digest, ...(commit ? { TF_VAR_image_commit: commit } : {}) }
}

/** @throws CliError `deploymentFailed`, or `unavailable` where something is missing without which nothing is proved */
async function waitUntilServed(
  release: Release,
  evidence: Evidence,
  applied: boolean,
  { inputs }: Settings,
  flags: RolloutFlags,
  terminal: Terminal,
): Promise<{ url: string; served: Served }> {
  const read = readServiceOutputs(evidence.outputs)
  const { alb_url: url } = read
  if (!url) throw noUrl()
  // ECS's client takes long to load, and a plan needs none.
  const { watchRollout } = await import('./watch.ts')
  const onLook = (seen: Observed) => (evidence.seen = seen)
  const options = { release, outputs: { ...read, alb_url: url }, region: inputs.region, applied, timeoutSeconds: flags.timeout, speed: flags.speed ?? 1, onLook }
  const served = await terminal.step('Wait for the proof that it serves', async (say) => {
    const outcome = await watchRollout(options, terminal, say).catch((error: unknown) => {
      throw applied && error === interruption.reason ? interrupted(error as CliError) : error
    })
    evidence.outcome = outcome
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

/** Everything that can be wrong before the first write: account, repository, image, bucket. */
async function prepareRelease(project: Project, settings: Settings, flags: DeployFlags, terminal: Terminal): Promise<{ release: Release; identity: Identity }> {
  const { inputs, backend } = settings
  if (flags.build) {
    const [identity] = await Promise.all([getIdentity(inputs.region), requireBucket(backend)])
    return { identity, release: await build(project, settings, { ...flags, push: true }, terminal) }
  }
  return terminal.step('Check account, repository, image and bucket', async () => {
    const [identity, release] = await Promise.all([getIdentity(inputs.region), findRelease(project, inputs, flags), requireBucket(backend)])
    return { identity, release }
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

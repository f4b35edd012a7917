import { join } from 'node:path'
import { requireBucket } from '../platform/aws/s3.ts'
import { getIdentity } from '../platform/aws/sts.ts'
import { build, type BuildFlags } from '../release/build.ts'
import { findRelease } from '../release/find-release.ts'
import type { Release } from '../release/release.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { CliError } from '../platform/errors.ts'
import { interruption } from '../platform/interrupts.ts'
import type { Project } from '../platform/project.ts'
import { makeTemporaryFolder } from '../platform/temporary-folder.ts'
import type { StepTime, Terminal } from '../platform/terminal/terminal.ts'
import { refuseUnsavedState } from '../terraform/explain-failure.ts'
import { applyTerraform, planTerraform, readOutputs, type Terraform } from '../terraform/terraform.ts'
import { approve } from './approve.ts'
import { countChanges, readChanges, type Changes } from '../terraform/changes.ts'
import { init, needsInit } from '../terraform/init.ts'
import { printChanges } from './print-changes.ts'
import type { Proof } from './prove.ts'
import { requireServed, type Served } from './outcome.ts'
import { readServiceOutputs } from './service.ts'

export type DeployFlags = BuildFlags & {
  build: boolean
  planOnly: boolean
  autoApprove: boolean
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
  changes: Record<keyof Changes, number>
  steps: StepTime[]
}

const backendFile = 's3.tfbackend'

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
  refuseUnsavedState({ folder: project.infrastructure, env: {} })
  const release = await prepareRelease(project, settings, flags, terminal)
  const terraform: Terraform = { folder: project.infrastructure, env: variablesOf(release), tell: (line) => terminal.note(line) }
  if (await needsInit(terraform, backendFile)) {
    await terminal.step('terraform init', (say) => init(terraform, backendFile, say))
  }
  const folder = await makeTemporaryFolder('plan')
  try {
    const planFile = join(folder.path, 'deploy.tfplan')
    const plan = await terminal.step('terraform plan', (say) => planTerraform(terraform, planFile, say))
    const changes = readChanges(plan)
    printChanges(changes, plan.isEmpty, terminal)
    const { repository, tag, digest } = release
    const result = { image: { repository, tag, digest }, changes: countChanges(changes), steps: terminal.times }
    if (flags.planOnly) return { url: null, version: null, proof: null, ...result }
    if (!plan.isEmpty && !flags.autoApprove) await approve(changes, terminal)
    const { outputs, leftover } = plan.isEmpty
      ? { outputs: await readOutputs(terraform), leftover: undefined }
      : await terminal.step('terraform apply', (say) => applyTerraform(terraform, planFile, say))
    if (leftover) terminal.warn([leftover.error.message, leftover.error.fix].join('\n'))
    const { url, served } = await waitUntilServed(project, release, outputs, !plan.isEmpty, settings, flags, terminal)
    // It serves, but the next apply would not know of this one.
    if (leftover?.isUnsaved) throw leftover.error
    return { url, version: served.version, proof: served.proof, ...result }
  } finally {
    await folder.remove()
  }
}

/** What Terraform is told of the release; it ignores variables that a configuration does not declare. */
function variablesOf({ tag, digest, commit }: Release): Record<string, string> {
  return { TF_VAR_image_tag: tag, TF_VAR_image_digest: digest, ...(commit ? { TF_VAR_image_commit: commit } : {}) }
}

/** @throws CliError `deploymentFailed`, or `unavailable` where something is missing without which nothing is proved */
async function waitUntilServed(
  project: Project,
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
  const { timeout: timeoutSeconds, bake: bakeSeconds = 0, keepTrying = false, speed = 1 } = flags
  const locateInputs = async () => (await import('../terraform/settings/locate-inputs.ts')).locateInputs(project)
  const options = { release, outputs: { ...read, alb_url: url }, region: inputs.region, applied, timeoutSeconds, bakeSeconds, keepTrying, speed, locateInputs }
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

/** Everything that can be wrong before the first write: account, repository, image, bucket. */
async function prepareRelease(project: Project, settings: Settings, flags: DeployFlags, terminal: Terminal): Promise<Release> {
  if (flags.build) {
    await requireBucket(settings.backend)
    return build(project, settings, { ...flags, push: true }, terminal)
  }
  return terminal.step('Check account, repository, image and bucket', async () => {
    const [, release] = await Promise.all([
      getIdentity(settings.inputs.region),
      findRelease(project, settings.inputs, flags),
      requireBucket(settings.backend),
    ])
    return release
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

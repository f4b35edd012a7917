import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { describeRepository, findImage } from '../aws/ecr.ts'
import { requireBucket } from '../aws/s3.ts'
import { getIdentity } from '../aws/sts.ts'
import { build, contentTagOf, type BuildFlags } from '../build/build.ts'
import type { Settings } from '../config/settings.ts'
import { CliError } from '../errors.ts'
import { interruption } from '../interrupts.ts'
import type { Project } from '../project.ts'
import type { Say, StepTime, Terminal } from '../terminal/terminal.ts'
import { applyTerraform, planTerraform, readOutputs, type Terraform } from '../tools/terraform.ts'
import { approve } from './approve.ts'
import { countChanges, readChanges, type Changes } from './changes.ts'
import { init, needsInit } from './init.ts'
import { printChanges } from './print-changes.ts'
import { rolloutFailed, waitUntilServed } from './verify.ts'
import type { Rollout } from './watch.ts'

export type DeployFlags = BuildFlags & {
  build: boolean
  planOnly: boolean
  autoApprove: boolean
  /** Seconds to wait for the app to answer with the new version. */
  timeout: number
  /** How many of AWS's seconds pass in one; more than one only in a rehearsal. */
  speed?: number
}

/** What `deploy --json` prints. */
export type DeployResult = {
  url: string | null
  image: { repository: string; tag: string; digest: string }
  version: string | null
  changes: Record<keyof Changes, number>
  steps: StepTime[]
}

const backendFile = 's3.tfbackend'
const outputsSchema = z.looseObject({ alb_url: z.url() })

/**
 * Checks everything, plans, asks, applies that very plan, and waits until the app answers with the deployed version.
 * @throws CliError
 */
export async function deploy(
  project: Project,
  settings: Settings,
  flags: DeployFlags,
  terminal: Terminal,
): Promise<DeployResult> {
  if (!flags.planOnly && !flags.autoApprove) requireSomeoneToAsk()
  const image = await findDeployedImage(project, settings, flags, terminal)
  const terraform: Terraform = { folder: project.infrastructure, env: { TF_VAR_image_tag: image.tag } }
  if (await needsInit(terraform, backendFile)) {
    await terminal.step('terraform init', (say) => init(terraform, backendFile, say))
  }
  const folder = await mkdtemp(join(tmpdir(), 'fargate-ctl-plan-'))
  try {
    const planFile = join(folder, 'deploy.tfplan')
    const plan = await terminal.step('terraform plan', (say) => planTerraform(terraform, planFile, say))
    const changes = readChanges(plan)
    printChanges(changes, plan.isEmpty, terminal)
    const result = { image, changes: countChanges(changes), steps: terminal.times }
    if (flags.planOnly) return { url: null, version: null, ...result }
    if (!plan.isEmpty && !flags.autoApprove) await approve(changes, terminal)
    const since = new Date()
    const outputs = plan.isEmpty
      ? await readOutputs(terraform)
      : await terminal.step('terraform apply', (say) => applyTerraform(terraform, planFile, say))
    const url = readUrl(outputs)
    const rollout = plan.isEmpty ? undefined : await watch(outputs, since, settings, flags, terminal)
    const served = await terminal
      .step('Wait until the app answers with this version', (say) => waitUntilTakenOver(url, image.tag, flags, rollout, say))
      .finally(rollout?.end)
    return { url, version: served.version, ...result }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** @param since when the apply began */
async function watch(outputs: unknown, since: Date, { inputs }: Settings, flags: DeployFlags, terminal: Terminal) {
  // ECS's client takes longest to load, and a deployment without changes needs none.
  const { watchRollout } = await import('./watch.ts')
  return watchRollout(inputs.region, outputs, { since, speed: flags.speed ?? 1, limitSeconds: flags.timeout }, terminal)
}

/** Where only its settings have changed, the tasks of before answer with the same version: then ECS has the last word. */
async function waitUntilTakenOver(url: string, tag: string, flags: DeployFlags, rollout: Rollout | undefined, say: Say) {
  const version = await waitUntilServed(url, tag, { timeoutSeconds: flags.timeout, failed: rollout?.failed }, say)
  await rollout?.over
  interruption.throwIfAborted()
  if (rollout?.failed.aborted) throw rolloutFailed(tag, rollout.failed)
  return version
}

/** Everything that can be wrong before the first write: account, repository, image, bucket. */
async function findDeployedImage(
  project: Project,
  settings: Settings,
  flags: DeployFlags,
  terminal: Terminal,
): Promise<DeployResult['image']> {
  const { region, repository_name: name } = settings.inputs
  const { bucket, region: bucketRegion } = settings.backend
  if (flags.build) {
    await requireBucket(bucket, bucketRegion)
    const built = await build(project, settings, { ...flags, push: true }, terminal)
    return { repository: built.repository, tag: built.tag, digest: built.digest ?? '' }
  }
  return terminal.step('Check account, repository, image and bucket', async () => {
    const [, repository, tag] = await Promise.all([
      getIdentity(region),
      describeRepository(name, region),
      flags.tag ?? contentTagOf(project, settings),
      requireBucket(bucket, bucketRegion),
    ])
    const image = await findImage(name, tag, region)
    if (image) return { repository: repository.uri, tag, digest: image.digest }
    throw new CliError('unavailable', `There is no image ${name}:${tag} in ECR.`, {
      fix: flags.tag ? 'Name a tag that exists with --tag.' : 'Run `fargate-ctl build` first, or add --build.',
    })
  })
}

function readUrl(outputs: Record<string, unknown>): string {
  const { data } = outputsSchema.safeParse(outputs)
  if (data) return data.alb_url
  throw new CliError('deploymentFailed', 'Terraform has applied, but its output alb_url is no URL: the app cannot be asked.', {
    fix: 'Let infrastructure/outputs.tf give the load balancer\'s URL as alb_url, and deploy again.',
  })
}

function requireSomeoneToAsk(): void {
  if (process.stdin.isTTY && process.stderr.isTTY) return
  throw new CliError('usage', 'There is no terminal to ask for approval.', {
    fix: 'Add --auto-approve, or --plan-only to look without changing anything.',
  })
}

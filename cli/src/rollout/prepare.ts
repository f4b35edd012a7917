import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { requireBucket } from '../platform/aws/s3.ts'
import { getIdentity } from '../platform/aws/sts.ts'
import type { Project } from '../platform/project.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { build, type BuildFlags } from '../release/build.ts'
import { findRelease } from '../release/find-release.ts'
import type { Release } from '../release/release.ts'
import { init, needsInit } from '../terraform/init.ts'
import { openLog } from '../terraform/log-file.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { planTerraform, type Plan, type Terraform } from '../terraform/terraform.ts'

export type PrepareFlags = BuildFlags & { build: boolean }

/** A plan of one release, in a file that is gone when the work with it is done. */
export type PreparedPlan = { release: Release; terraform: Terraform; file: string; plan: Plan }

export const backendFile = 's3.tfbackend'

/**
 * Checks everything and plans: what deploy applies is what plan shows.
 * @throws CliError
 */
export async function withPlan<Result>(
  project: Project,
  settings: Settings,
  flags: PrepareFlags,
  terminal: Terminal,
  work: (prepared: PreparedPlan) => Promise<Result>,
): Promise<Result> {
  const release = await prepareRelease(project, settings, flags, terminal)
  const terraform = await openTerraform(project, release, terminal)
  return withPlanFolder(async (folder) => {
    const file = join(folder, 'deploy.tfplan')
    const plan = await namingLog(terraform, terminal, terminal.step('terraform plan', (say) => planTerraform(terraform, file, say)))
    return work({ release, terraform, file, plan })
  })
}

/** @returns a folder for plan files, which may hold secrets: nobody else may read it, and it does not stay */
export async function withPlanFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'fargate-ctl-plan-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Terraform, initialised, and told of the release.
 * @param release undefined where the image does not matter
 */
export async function openTerraform(project: Project, release: VariableRelease | undefined, terminal: Terminal): Promise<Terraform> {
  const terraform: Terraform = { folder: project.infrastructure, env: variablesOf(release ?? anyRelease), log: openLog(project.scratch, 'terraform') }
  if (await needsInit(terraform, backendFile)) {
    await terminal.step('terraform init', (say) => init(terraform, backendFile, say))
  }
  return terraform
}

/** Waits for terraform, and says where its own log is when it fails. */
export function namingLog<Result>({ log }: Terraform, terminal: Terminal, work: Promise<Result>): Promise<Result> {
  return work.catch((error: unknown) => {
    if (log) terminal.note(`  terraform's own log: ${log.path}`)
    throw error
  })
}

type VariableRelease = Pick<Release, 'tag' | 'digest' | 'commit'>

/** A look at what is there needs a tag, because the variable has no default, but nothing is done with it. */
const anyRelease = { tag: 'none', digest: null, commit: null }

/** What Terraform is told of the release; it ignores variables that a configuration does not declare. */
function variablesOf({ tag, digest, commit }: VariableRelease | typeof anyRelease): Record<string, string> {
  return { TF_VAR_image_tag: tag, ...(digest ? { TF_VAR_image_digest: digest } : {}), ...(commit ? { TF_VAR_image_commit: commit } : {}) }
}

/** Everything that can be wrong before the first write: account, repository, image, bucket. */
async function prepareRelease(project: Project, settings: Settings, flags: PrepareFlags, terminal: Terminal): Promise<Release> {
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

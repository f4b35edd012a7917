import { join } from 'node:path'
import { requireAccount, type Identity } from '../platform/aws/sts.ts'
import { allOf } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import { makeTemporaryFolder } from '../platform/temporary-folder.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { build, type BuildFlags } from '../release/build.ts'
import { findRelease } from '../release/find-release.ts'
import type { Release } from '../release/release.ts'
import { requireScan, type ScanFlags } from '../release/scan.ts'
import { refuseUnsavedState } from '../terraform/explain-failure.ts'
import { openLog } from '../terraform/log-file.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { planTerraform, readOutputs, type Plan, type Terraform } from '../terraform/terraform.ts'
import { terraformFor } from '../terraform/terraform-for.ts'
import { checkBeforeDeploy } from './check.ts'
import { ensureInit } from './open.ts'
import type { Receipt } from './receipt/receipt.ts'
import { openReceipts } from './receipt/store.ts'
import { readTruth, type Truth } from './truth.ts'

/** Seconds to wait for a state that somebody else has locked; default: not at all. */
export type LockFlags = { lockWait?: number | undefined }

export type PrepareFlags = BuildFlags & LockFlags & ScanFlags & { build: boolean }

/** A release in ECR, and who is about to deploy it. */
export type Prepared = { release: Release; identity: Identity }

/** A plan of one release, in a file that is gone when the work with it is done, and what runs meanwhile. */
export type PreparedPlan = Prepared & Found & { terraform: Terraform; file: string; plan: Plan }

/** What was there before: what runs, and the newest receipts, newest first. */
export type Found = { truth: Truth; receipts: Receipt[] }

/** As many receipts as say what was taken back of late. */
const receiptsRead = 20

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
  refuseUnsavedState(terraformFor(project))
  return withPlanOf(project, settings, await prepareRelease(project, settings, flags, terminal), flags, terminal, work)
}

/** The same for a release that is in ECR. @throws CliError */
export async function withPlanOf<Result>(
  project: Project,
  settings: Settings,
  prepared: Prepared,
  flags: LockFlags,
  terminal: Terminal,
  work: (prepared: PreparedPlan) => Promise<Result>,
): Promise<Result> {
  const terraform = await openTerraform(project, prepared.release, flags, terminal)
  return withPlanFolder(async (folder) => {
    const file = join(folder, 'deploy.tfplan')
    const [plan, found] = await Promise.all([
      namingLog(terraform, terminal, terminal.step('terraform plan', (say) => planTerraform(terraform, file, say))),
      findBefore(project, settings, terraform, terminal),
    ])
    return work({ ...prepared, ...found, terraform, file, plan })
  })
}

/** What runs, compared with Terraform's state and the receipts; never throws but for an interrupt. */
export async function findBefore(project: Project, settings: Settings, terraform: Terraform, terminal: Terminal): Promise<Found> {
  const newest = openReceipts(project, settings, terminal).newest(receiptsRead)
  const [truth, receipts] = await Promise.all([readTruth(settings.inputs.region, readOutputs(terraform), newest), newest])
  return { truth, receipts: receipts.map(({ receipt }) => receipt) }
}

/** Works with a folder for plan files, which may hold secrets: nobody else may read it, and it does not stay. */
export async function withPlanFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await makeTemporaryFolder('plan')
  try {
    return await work(folder.path)
  } finally {
    await folder.remove()
  }
}

/**
 * Terraform, initialised, and told of the release.
 * @param release undefined where the image does not matter
 */
export async function openTerraform(project: Project, release: VariableRelease | undefined, { lockWait }: LockFlags, terminal: Terminal): Promise<Terraform> {
  const terraform: Terraform = {
    ...terraformFor(project, variablesOf(release)),
    log: openLog(project.scratch, 'terraform'),
    tell: (line) => terminal.note(line),
    lockWaitSeconds: lockWait,
  }
  await ensureInit(terraform, terminal)
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

/** A look at what is there needs an image, because its variables may have no default, but nothing is done with it. */
const anyRelease: VariableRelease = { tag: 'none', digest: `sha256:${'0'.repeat(64)}`, commit: null }

/** What Terraform is told of the release; it ignores variables that a configuration does not declare. */
export function variablesOf({ tag, digest, commit }: VariableRelease = anyRelease): Record<string, string> {
  return { TF_VAR_image_tag: tag, ...(digest ? { TF_VAR_image_digest: digest } : {}), ...(commit ? { TF_VAR_image_commit: commit } : {}) }
}

/** Everything that can be wrong before the first write: account, repository, image, what was found in it, bucket. */
async function prepareRelease(project: Project, settings: Settings, flags: PrepareFlags, terminal: Terminal): Promise<Prepared> {
  const prepared = await findOrBuild(project, settings, flags, terminal)
  await requireScan(project, settings.inputs.region, prepared.release, flags, terminal)
  return prepared
}

async function findOrBuild(project: Project, settings: Settings, flags: PrepareFlags, terminal: Terminal): Promise<Prepared> {
  const { inputs } = settings
  await requireAccount(inputs)
  const check = () => checkBeforeDeploy(project, settings, terminal)
  if (flags.build) return buildRelease(project, settings, flags, check, terminal)
  return terminal.step('Check account, repository, image and bucket', async () => {
    const [identity, release] = await allOf([check(), findRelease(project, inputs, flags)])
    return { identity, release }
  })
}

/** Builds while terraform initialises, which in CI takes about as long. */
async function buildRelease(project: Project, settings: Settings, flags: PrepareFlags, check: () => Promise<Identity>, terminal: Terminal): Promise<Prepared> {
  let checked: Promise<Identity> | undefined
  let initialised: Promise<void> | undefined
  const checkAndInit = async () => {
    await (checked ??= check())
    initialised = ensureInit(terraformFor(project), terminal)
    // It is waited for below, whatever becomes of the build.
    initialised.catch(() => {})
  }
  try {
    const release = await build(project, settings, { ...flags, push: true, check: checkAndInit }, terminal)
    return { identity: await (checked ?? check()), release }
  } finally {
    await initialised?.catch(() => {})
  }
}

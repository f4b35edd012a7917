import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { hasImage } from '../platform/aws/ecr.ts'
import { requireBucket } from '../platform/aws/s3.ts'
import { getIdentity, requireAccount } from '../platform/aws/sts.ts'
import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import { packFiles, unpackFiles } from '../platform/tar.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { refuseUnsavedState } from '../terraform/explain-failure.ts'
import { readPlannedState } from '../terraform/plan/plan-file.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { terraformFor } from '../terraform/terraform-for.ts'
import { compareContexts, contextSchema, readContext, sha256 } from './plan-context.ts'
import { openTerraform, findBefore, withPlanFolder, type LockFlags, type PreparedPlan } from './prepare.ts'

const sealSchema = z.object({
  format: z.literal(1),
  created: z.iso.datetime(),
  release: z.object({
    repository: z.string(),
    tag: z.string(),
    digest: z.string(),
    platform: z.string().nullable(),
    version: z.string().nullable(),
    commit: z.string().nullable(),
  }),
  context: contextSchema,
  plan: z.object({
    sha256: z.string(),
    isEmpty: z.boolean(),
    changes: z.array(z.object({ address: z.string(), action: z.string() })),
  }),
})
export type Seal = z.infer<typeof sealSchema>

const sealName = 'seal.json'
const planName = 'terraform.tfplan'

/**
 * Writes a plan with its seal to `out`, a tar of two files that only its owner may read: a plan holds secrets.
 * @throws CliError `usage` where that cannot be written
 */
export async function sealPlan(project: Project, settings: Settings, { release, terraform, file, plan }: PreparedPlan, out: string): Promise<Seal> {
  const [content, context, state] = await Promise.all([readFile(file), readContext(project, settings, terraform), readPlannedState(file)])
  const seal: Seal = {
    format: 1,
    created: new Date().toISOString(),
    release,
    // The state as the plan saw it, which may not be what it is by now.
    context: { ...context, state },
    plan: { sha256: sha256(content), isEmpty: plan.isEmpty, changes: plan.changes },
  }
  await writeSafely(out, await packFiles({ [sealName]: JSON.stringify(seal, null, 2), [planName]: content }))
  return seal
}

/** A file that was there keeps its permissions when it is written over, so it is replaced. */
async function writeSafely(out: string, content: Buffer): Promise<void> {
  const draft = `${out}.${process.pid}.tmp`
  try {
    await writeFile(draft, content, { mode: 0o600, flag: 'wx' })
    await rename(draft, out)
  } catch (cause) {
    await rm(draft, { force: true })
    throw new CliError('usage', `The plan cannot be written to ${out}.`, { cause, fix: 'Name a file in a folder that exists with --out.' })
  }
}

/**
 * Opens a sealed plan and makes sure that all it is bound to is still the same.
 * @throws CliError `usage`, naming every thing that has changed
 */
export async function withSealedPlan<Result>(
  project: Project,
  settings: Settings,
  path: string,
  flags: LockFlags,
  terminal: Terminal,
  work: (prepared: PreparedPlan) => Promise<Result>,
): Promise<Result> {
  refuseUnsavedState(terraformFor(project))
  const { seal, content } = await openSeal(path)
  const { release, plan } = seal
  await requireAccount(settings.inputs)
  const [identity] = await terminal.step('Check account and bucket', () => Promise.all([getIdentity(seal.context.region), requireBucket(settings.backend)]))
  const terraform = await openTerraform(project, release, flags, terminal)
  await terminal.step('Check that the sealed plan still fits', async () => {
    const [context, isThere] = await Promise.all([readContext(project, settings, terraform), hasImage(release.repository, release.digest, seal.context.region)])
    const changed = [...compareContexts(seal.context, context), ...(isThere ? [] : [`image: ${release.repository}@${release.digest} is no longer in ECR`])]
    if (changed.length > 0) throw notFitting(path, seal, changed)
  })
  return withPlanFolder(async (folder) => {
    const file = join(folder, planName)
    const [found] = await Promise.all([findBefore(project, settings, terraform, terminal), writeFile(file, content, { mode: 0o600 })])
    return work({ release, identity, terraform, file, plan, ...found })
  })
}

/** @throws CliError `usage` where the file is no sealed plan, or is damaged */
export async function openSeal(path: string): Promise<{ seal: Seal; content: Buffer }> {
  const archive = await readFile(path).catch((cause: unknown) => {
    throw new CliError('usage', `The sealed plan ${path} cannot be read.`, { cause, fix: 'Name a file that `fargate-ctl plan --out FILE` has written.' })
  })
  const files = await unpackFiles(archive).catch((cause: unknown) => {
    throw noSeal(path, 'it is no tar archive', cause)
  })
  const content = files.get(planName)
  const seal = readSeal(path, files.get(sealName))
  if (content && sha256(content) === seal.plan.sha256) return { seal, content }
  throw noSeal(path, 'its plan is not the one that was sealed')
}

function readSeal(path: string, text: Buffer | undefined): Seal {
  try {
    return sealSchema.parse(JSON.parse(text?.toString() ?? ''))
  } catch (cause) {
    throw noSeal(path, 'its seal cannot be read', cause)
  }
}

function noSeal(path: string, why: string, cause?: unknown): CliError {
  return new CliError('usage', `${path} is no sealed plan of this fargate-ctl: ${why}.`, {
    fix: 'Make one: fargate-ctl plan --out FILE',
    cause: cause instanceof z.ZodError ? z.prettifyError(cause) : cause,
  })
}

function notFitting(path: string, { created }: Seal, changed: string[]): CliError {
  const things = changed.length === 1 ? 'one thing has' : `${changed.length} things have`
  return new CliError('usage', `The sealed plan ${path} no longer fits: ${things} changed since ${created}; nothing was applied.`, {
    cause: changed.join('\n'),
    fix: 'Plan anew, look at it, and deploy that: fargate-ctl plan --out FILE',
  })
}

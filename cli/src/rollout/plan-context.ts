import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { z } from 'zod'
import { getIdentity } from '../platform/aws/sts.ts'
import type { Project } from '../platform/project.ts'
import { readWorkTree } from '../release/git.ts'
import { dataFolder } from '../terraform/program.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { readStateVersion, readVersions, stateVersionSchema, terraformProgram, type StateVersion, type Terraform } from '../terraform/terraform.ts'

/** What a plan is bound to; the same things are read anew before it is applied. */
export const contextSchema = z.object({
  /** The checkout's, with `-dirty` where files of infrastructure/ were not committed; null where it is not known. */
  commit: z.string().nullable(),
  account: z.string(),
  region: z.string(),
  backend: z.object({ bucket: z.string(), key: z.string(), workspace: z.string() }),
  state: stateVersionSchema,
  terraform: z.object({ program: z.string(), version: z.string() }),
  providers: z.record(z.string(), z.string()),
  /** The SHA-256 of every file in infrastructure/ that Terraform reads, the lock file and s3.tfbackend among them. */
  files: z.record(z.string(), z.string()),
})
export type PlanContext = z.infer<typeof contextSchema>

/** All that a plan is bound to, as it is now. */
export async function readContext(project: Project, { inputs, backend }: Settings, terraform: Terraform): Promise<PlanContext> {
  const { infrastructure } = project
  const [{ account }, state, versions, files, commit, workspace] = await Promise.all([
    getIdentity(inputs.region),
    readStateVersion(terraform),
    readVersions(terraform),
    hashFiles(project),
    describeCheckout(infrastructure),
    readWorkspace(terraform),
  ])
  return {
    commit,
    account,
    region: inputs.region,
    backend: { bucket: backend.bucket, key: backend.key, workspace },
    state,
    terraform: { program: terraformProgram().split('/').at(-1) ?? '', version: versions.terraform },
    providers: versions.providers,
    files,
  }
}

async function describeCheckout(folder: string): Promise<string | null> {
  const { commit, uncommitted, deleted } = await readWorkTree(folder, folder)
  return commit && `${commit}${uncommitted.length + deleted.length > 0 ? '-dirty' : ''}`
}

/** https://developer.hashicorp.com/terraform/language/state/workspaces */
async function readWorkspace({ folder, env }: Terraform): Promise<string> {
  const chosen = await readFile(join(dataFolder(folder, env), 'environment'), 'utf8').catch(() => '')
  return process.env.TF_WORKSPACE || chosen.trim() || 'default'
}

async function hashFiles({ infrastructure: folder, environment, backendFile, inputFile }: Project): Promise<Record<string, string>> {
  const own = environment === undefined ? [] : [relative(folder, backendFile), relative(folder, inputFile)]
  const names = (await readdir(folder)).filter((name) => /\.(?:tf|tofu|tf\.json|tofu\.json|tfvars|tfvars\.json|tfbackend)$|^\.terraform\.lock\.hcl$/.test(name))
  const hashes = [...names, ...own].sort().map(async (name) => [name, sha256(await readFile(join(folder, name)))] as const)
  return Object.fromEntries(await Promise.all(hashes))
}

export const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex')

/** A sentence for every thing that is not what the seal says. */
export function compareContexts(sealed: PlanContext, now: PlanContext): string[] {
  const pairs: [string, string | null, string | null][] = [
    ['commit', sealed.commit, now.commit],
    ['AWS account', sealed.account, now.account],
    ['region', sealed.region, now.region],
    ['state bucket', sealed.backend.bucket, now.backend.bucket],
    ['state key', sealed.backend.key, now.backend.key],
    ['workspace', sealed.backend.workspace, now.backend.workspace],
    ['version', `${sealed.terraform.program} ${sealed.terraform.version}`, `${now.terraform.program} ${now.terraform.version}`],
    ...namesOf(sealed.providers, now.providers).map((name): [string, string | null, string | null] => [`provider ${name}`, sealed.providers[name] ?? null, now.providers[name] ?? null]),
  ]
  const files = namesOf(sealed.files, now.files).filter((name) => sealed.files[name] !== now.files[name])
  return [
    ...pairs.filter(([, was, is]) => was !== is).map(([what, was, is]) => `${what}: ${was ?? 'unknown'} when it was planned, ${is ?? 'unknown'} now`),
    ...compareStates(sealed.state, now.state),
    ...files.map((name) => `file: infrastructure/${name} ${!now.files[name] ? 'is gone' : sealed.files[name] ? 'has changed' : 'is new'}`),
  ]
}

function compareStates(sealed: StateVersion, now: StateVersion): string[] {
  if (sealed.lineage !== now.lineage) return [`state: lineage ${sealed.lineage || 'none yet'} when it was planned, ${now.lineage || 'none'} now`]
  if (sealed.serial === now.serial) return []
  return [`state: serial ${sealed.serial} when it was planned, ${now.serial} now: somebody has applied since`]
}

const namesOf = (...records: object[]) => [...new Set(records.flatMap((record) => Object.keys(record)))].sort()

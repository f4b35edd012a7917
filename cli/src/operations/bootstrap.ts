import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hasRepository } from '../platform/aws/ecr.ts'
import { findOidcProvider, hasRole } from '../platform/aws/iam.ts'
import { actAs } from '../platform/aws/role.ts'
import { hasBucket, openFiles } from '../platform/aws/s3.ts'
import { requireAccount } from '../platform/aws/sts.ts'
import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { approve } from '../rollout/approve.ts'
import { requireSomeoneToAsk } from '../rollout/deploy.ts'
import { withPlanFolder } from '../rollout/prepare.ts'
import { printChanges } from '../rollout/print-changes.ts'
import { countChanges, readChanges, type Changes } from '../terraform/changes.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { applyTerraform, initTerraform, planTerraform, readOutputs, type Terraform } from '../terraform/terraform.ts'

export type BootstrapFlags = {
  autoApprove: boolean
  /** The GitHub repository whose workflows get roles, as owner/name. */
  github?: string | undefined
  /** The GitHub environments that deploy. */
  githubEnvironment: string[]
}

/** What `bootstrap --json` prints. */
export type BootstrapResult = { state: string; changes: Record<keyof Changes, number>; adopted: string[]; outputs: Record<string, unknown> }

/**
 * Applies infrastructure/bootstrap: the bucket for the state, the repository, the roles of GitHub's workflows. What is there
 * already is taken over. Its own state begins on this machine, because the bucket for it does not exist yet, and moves there at
 * the end; a run that was killed in between is repeated from where it was.
 * @throws CliError
 */
export async function bootstrap(project: Project, settings: Settings, flags: BootstrapFlags, terminal: Terminal): Promise<BootstrapResult> {
  const { backend, inputs } = settings
  if (!flags.autoApprove) requireSomeoneToAsk()
  // The role to deploy as is among what is made here.
  actAs({ region: inputs.region })
  await requireAccount(inputs)
  const key = `bootstrap/${inputs.name}/terraform.tfstate`
  const terraform = await copyRoot(project, settings, flags)
  const { isMoved, existing } = await terminal.step('Look for what is there', async () => {
    const isMoved = (await hasBucket(backend)) && (await openFiles(backend).read(key)) !== undefined
    return { isMoved, existing: isMoved ? [] : await findExisting(settings, flags) }
  })
  await writeAdoption(terraform, existing)
  await writeBackend(terraform, isMoved)
  const remote = [`-backend-config=${terraform.backendFile}`, `-backend-config=key=${key}`]
  await terminal.step('terraform init', (say) => initTerraform(terraform, say, ['-reconfigure', ...(isMoved ? remote : [])]))
  const changes = await planAndApply(terraform, flags, terminal)
  if (!isMoved) {
    await writeBackend(terraform, true)
    await terminal.step(`Move the state to s3://${backend.bucket}/${key}`, (say) => initTerraform(terraform, say, ['-migrate-state', '-force-copy', ...remote]))
  }
  return { state: `s3://${backend.bucket}/${key}`, changes: countChanges(changes), adopted: existing.map(({ address }) => address), outputs: await readOutputs(terraform) }
}

/** A copy of the root in the scratch folder, where files can be added to it; a local state that is there stays. */
async function copyRoot(project: Project, { backend, inputs }: Settings, { github, githubEnvironment }: BootstrapFlags): Promise<Terraform> {
  const source = join(project.infrastructure, 'bootstrap')
  if (!existsSync(source)) {
    throw new CliError('usage', 'There is no folder bootstrap/ beside the Terraform files: nothing says what to make.', {
      fix: 'Make the state bucket and the repository by hand, or take infrastructure/bootstrap/ from where this project comes from.',
    })
  }
  const folder = join(project.scratch, 'bootstrap', backend.bucket, inputs.name)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  for (const name of (await readdir(source)).filter((each) => /\.(tf|tfvars)(\.json)?$|^\.terraform\.lock\.hcl$/.test(each))) await copyFile(join(source, name), join(folder, name))
  const ofGithub: Record<string, string> = github ? { TF_VAR_github_repository: github, TF_VAR_github_environments: JSON.stringify(githubEnvironment) } : {}
  const env = {
    TF_DATA_DIR: join(folder, '.terraform'),
    TF_VAR_region: inputs.region,
    TF_VAR_name: inputs.name,
    TF_VAR_state_bucket: backend.bucket,
    TF_VAR_repository_name: inputs.repository_name,
    ...ofGithub,
  }
  return { folder, env, backendFile: project.backendFile, varFiles: [], tell: () => {} }
}

type Existing = { address: string; id: string }

/** What cannot be made twice; all else that the root makes is written over. */
async function findExisting({ backend, inputs }: Settings, { github, githubEnvironment }: BootstrapFlags): Promise<Existing[]> {
  const { region, name, repository_name: repository } = inputs
  const roles = github ? ['plan', ...githubEnvironment.map((each) => `deploy-${each}`)] : []
  const [isBucket, isRepository, provider, known] = await Promise.all([
    hasBucket(backend),
    hasRepository(repository, region),
    github ? findOidcProvider('token.actions.githubusercontent.com', region) : undefined,
    Promise.all(roles.map((role) => hasRole(`github-${name}-${role}`, region))),
  ])
  return [
    ...(isBucket ? [{ address: 'aws_s3_bucket.state', id: backend.bucket }] : []),
    ...(isRepository ? [{ address: 'aws_ecr_repository.this', id: repository }] : []),
    ...(provider ? [{ address: 'aws_iam_openid_connect_provider.github[0]', id: provider }] : []),
    ...roles.filter((_, index) => known[index]).map((role) => ({ address: `aws_iam_role.github["${role}"]`, id: `github-${name}-${role}` })),
  ]
}

/** https://developer.hashicorp.com/terraform/language/import: of what the state knows already, nothing comes. */
async function writeAdoption({ folder }: Terraform, existing: Existing[]): Promise<void> {
  const blocks = existing.map(({ address, id }) => `import {\n  to = ${address}\n  id = ${JSON.stringify(id)}\n}\n`)
  await writeFile(join(folder, 'fargate-ctl-adopt.tf'), blocks.join('\n'))
}

async function writeBackend({ folder }: Terraform, isRemote: boolean): Promise<void> {
  const file = join(folder, 'fargate-ctl-backend.tf')
  if (isRemote) await writeFile(file, 'terraform {\n  backend "s3" {}\n}\n')
  else await rm(file, { force: true })
}

function planAndApply(terraform: Terraform, { autoApprove }: BootstrapFlags, terminal: Terminal): Promise<Changes> {
  return withPlanFolder(async (folder) => {
    const file = join(folder, 'bootstrap.tfplan')
    const plan = await terminal.step('terraform plan', (say) => planTerraform(terraform, file, say))
    const changes = readChanges(plan)
    printChanges(changes, plan.isEmpty, terminal)
    if (plan.isEmpty) return changes
    if (!autoApprove) await approve(changes, terminal)
    const { leftover } = await terminal.step('terraform apply', (say) => applyTerraform(terraform, file, say))
    if (leftover) throw leftover.error
    return changes
  })
}

import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fail, ok, Skipped, skip, warn, type Group, type Verdict } from '../check.ts'
import type { Facts } from '../facts.ts'

/** Versions and settings that are right in themselves, and wrong together. */
export const combinations: Group = {
  name: 'Known bad combinations',
  checks: [
    { name: 'modules and provider', neededBy: ['deploy'], beforeDeploy: true, look: lookAtModules },
    { name: 'provider release', neededBy: ['deploy'], beforeDeploy: true, look: lookAtProvider },
    { name: 'lock file hashes', neededBy: ['deploy'], look: lookAtHashes },
    { name: "setup-terraform's wrapper", neededBy: ['deploy'], beforeDeploy: true, look: lookForWrapper },
  ],
}

type Version = [major: number, minor: number]

/** The provider's block in the lock file, which Terraform itself writes in this form. */
async function readProvider({ project }: Facts): Promise<{ version: Version; text: string; hashes: string[] }> {
  const file = await readFile(join(project.infrastructure, '.terraform.lock.hcl'), 'utf8').catch(() => '')
  const block = /^provider "[^"]*\/hashicorp\/aws" \{[^]*?^\}/m.exec(file)?.[0] ?? ''
  const [, text = ''] = /^\s*version\s*=\s*"([^"]+)"/m.exec(block) ?? []
  if (!text) throw new Skipped('infrastructure/.terraform.lock.hcl names no hashicorp/aws')
  const [major = 0, minor = 0] = text.split('.').map(Number)
  return { version: [major, minor], text, hashes: [...block.matchAll(/"((?:h1|zh):[^"]+)"/g)].map(([, hash = '']) => hash) }
}

/** The first releases of terraform-aws-modules that ask for version 6 of the provider. */
const needProvider6: Record<string, number> = { ecs: 6, alb: 10, vpc: 6 }

async function lookAtModules(facts: Facts): Promise<Verdict> {
  const [{ version, text }, modules] = await Promise.all([readProvider(facts), readModules(facts)])
  if (modules.length === 0) return skip('none of terraform-aws-modules is used')
  const wrong = modules.filter(({ name, major }) => version[0] < 6 && major >= (needProvider6[name] ?? Infinity))
  const named = modules.map(({ name, version }) => `${name} ${version}`).join(', ')
  if (wrong.length === 0) return ok(`${named} with hashicorp/aws ${text}`)
  return fail(`${wrong.map(({ name, version }) => `${name} ${version}`).join(', ')} needs hashicorp/aws 6, and ${text} is locked`, 'Raise the provider in infrastructure/versions.tf and run `terraform init -upgrade`, or take the module back a major version.')
}

async function readModules({ project }: Facts): Promise<{ name: string; version: string; major: number }[]> {
  const names = (await readdir(project.infrastructure)).filter((name) => name.endsWith('.tf'))
  const texts = await Promise.all(names.map((name) => readFile(join(project.infrastructure, name), 'utf8')))
  const pattern = /source\s*=\s*"terraform-aws-modules\/(\w+)\/aws[^"]*"\s*version\s*=\s*"([^"]*)"/g
  return texts
    .flatMap((text) => [...text.matchAll(pattern)])
    .map(([, name = '', version = '']) => ({ name, version, major: Number(/\d+/.exec(version)?.[0]) }))
}

/** hashicorp/terraform-provider-aws #49031. */
async function lookAtProvider(facts: Facts): Promise<Verdict> {
  const { version: [major, minor], text } = await readProvider(facts)
  if (major !== 6 || minor < 53 || minor > 54) return ok(text)
  return warn(`${text}: with sigint_rollback an interrupt rolls back a healthy deployment, too`, 'Leave sigint_rollback out of the service, or take another release of the provider.')
}

/** A lock file that was written from a mirror has the hash of one platform only. */
async function lookAtHashes(facts: Facts): Promise<Verdict> {
  const { hashes } = await readProvider(facts)
  if (hashes.some((hash) => hash.startsWith('zh:')) || hashes.length > 1) return ok(`${hashes.length} hashes`)
  const fix = 'terraform -chdir=infrastructure providers lock -platform=linux_amd64 -platform=linux_arm64 -platform=darwin_arm64 -platform=darwin_amd64'
  return warn(`${hashes.length} hash: terraform init fails on other platforms`, fix)
}

/** The action puts its wrapper in terraform's place and renames the program: https://github.com/hashicorp/setup-terraform */
function lookForWrapper(): Verdict {
  const { TERRAFORM_CLI_PATH: folder } = process.env
  if (!folder || !existsSync(join(folder, 'terraform-bin'))) return ok('not there')
  return fail('it stands before terraform and does not pass interrupts on', 'Set terraform_wrapper: false for hashicorp/setup-terraform.')
}

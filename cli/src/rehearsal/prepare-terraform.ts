import { createHash } from 'node:crypto'
import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import { findProviderMirror } from '../terraform/offline/provider-mirror.ts'
import { canReachRegistry, writeTerraformConfig } from '../terraform/offline/terraform-config.ts'

/** Where the vpc, alb and ecs modules come from. */
export type ModuleOrigin = 'registry' | 'checkouts' | 'stand-ins'

/** What a rehearsal serves as a module registry. */
export const servedModules = (stateDir: string) => join(stateDir, 'modules')

/**
 * Decides where Terraform takes modules and provider from: from the Terraform registry or, where that is out of reach,
 * modules from the stand-ins and the provider from a mirror. Modules from checkouts come before both.
 * @returns the Terraform CLI configuration to use; undefined when everything comes from the registry
 * @throws CliError `unavailable` when there is neither registry nor mirror
 */
export async function prepareTerraform(options: {
  project: Project
  stateDir: string
  /** Whether `servedModules` holds modules that were taken from checkouts. */
  fromCheckouts: boolean
  /** Serves `servedModules` under /v1/modules/. */
  registryUrl: string
}): Promise<{ configFile: string | undefined; modules: ModuleOrigin }> {
  const { project, stateDir, fromCheckouts, registryUrl } = options
  const isOnline = await canReachRegistry()
  const modules = fromCheckouts ? 'checkouts' : isOnline ? 'registry' : 'stand-ins'
  const served = servedModules(stateDir)
  if (!fromCheckouts) {
    await rm(served, { recursive: true, force: true })
    await symlink(join(project.infrastructure, 'tests', 'stand-ins'), served)
  }
  await forgetOtherModules(stateDir, modules === 'registry' ? modules : await fingerprint(served))
  if (modules === 'registry') return { configFile: undefined, modules }
  const configFile = join(stateDir, 'terraform.rc')
  await writeTerraformConfig({ file: configFile, registryUrl, providerMirror: isOnline ? undefined : await requireProviderMirror() })
  return { configFile, modules }
}

async function requireProviderMirror(): Promise<string> {
  const mirror = await findProviderMirror()
  if (mirror) return mirror
  throw new CliError('unavailable', 'The Terraform registry is out of reach, and no mirror of hashicorp/aws was found on this machine.', {
    fix: 'Connect to the network, or name a filesystem mirror in the file that TF_CLI_CONFIG_FILE names.',
  })
}

/** terraform keeps a module of the same version, so those of other origin, or since edited, have to be forgotten first. */
async function forgetOtherModules(stateDir: string, stamp: string): Promise<void> {
  const stampFile = join(stateDir, 'modules.sha256')
  if ((await readFile(stampFile, 'utf8').catch(() => '')) === stamp) return
  await rm(join(stateDir, 'terraform'), { recursive: true, force: true })
  await writeFile(stampFile, stamp)
}

async function fingerprint(folder: string): Promise<string> {
  const hash = createHash('sha256')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort()
  for (const file of files) hash.update(file).update(await readFile(file))
  return hash.digest('hex')
}

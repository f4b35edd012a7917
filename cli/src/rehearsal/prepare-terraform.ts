import { createHash } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError } from '../platform/errors.ts'
import { serveModuleRegistry } from '../terraform/offline/module-registry.ts'
import { findProviderMirror } from '../terraform/offline/provider-mirror.ts'
import { canReachRegistry, writeTerraformConfig } from '../terraform/offline/terraform-config.ts'

/** Where the vpc, alb and ecs modules come from. */
export type ModuleOrigin = 'registry' | 'checkouts' | 'stand-ins'

export type PreparedTerraform = {
  /** The Terraform CLI configuration to use; undefined when everything comes from the registry. */
  configFile: string | undefined
  modules: ModuleOrigin
  /** Stops serving modules; terraform has its own copies of them by then. */
  close: () => Promise<void>
}

/**
 * Decides where Terraform takes modules and provider from: from the Terraform registry or, where that is out of reach,
 * modules from the stand-ins and the provider from a mirror. Modules from checkouts come before both.
 * @param options.checkouts the folder of modules that were taken from checkouts
 * @throws CliError `unavailable` when there is neither registry nor mirror
 */
export async function prepareTerraform(options: { stateDir: string; standIns: string | undefined; checkouts: string | undefined }): Promise<PreparedTerraform> {
  const { stateDir, standIns, checkouts } = options
  const isOnline = await canReachRegistry()
  const modules = checkouts ? 'checkouts' : isOnline || !standIns ? 'registry' : 'stand-ins'
  const folder = checkouts ?? (modules === 'stand-ins' ? standIns : undefined)
  await forgetOtherModules(stateDir, folder ? await fingerprint(folder) : modules)
  const providerMirror = isOnline ? undefined : await requireProviderMirror()
  if (!folder && !providerMirror) return { configFile: undefined, modules, close: async () => {} }
  const { url, close } = folder ? await serveModuleRegistry(folder) : { url: undefined, close: async () => {} }
  const configFile = join(stateDir, 'terraform.rc')
  await writeTerraformConfig({ file: configFile, registryUrl: url, providerMirror })
  return { configFile, modules, close }
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

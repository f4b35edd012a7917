import { createHash } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError } from '../platform/errors.ts'
import { serveModuleRegistry } from '../terraform/offline/module-registry.ts'
import { findProviderMirror } from '../terraform/offline/provider-mirror.ts'
import { canReachRegistry, writeTerraformConfig } from '../terraform/offline/terraform-config.ts'

export type Offline = {
  /** The Terraform CLI configuration to use. */
  configFile: string
  /** Stops serving the stand-ins; terraform has its own copies of them by then. */
  close: () => Promise<void>
}

/**
 * Where the Terraform registry is out of reach, points terraform at stand-in modules and at a mirror of the provider.
 * @returns undefined when the registry answers and no stand-in is needed
 * @throws CliError `unavailable` when there is neither registry nor mirror
 */
export async function prepareTerraform({ stateDir, standInsDir }: { stateDir: string; standInsDir: string }): Promise<Offline | undefined> {
  if (await canReachRegistry()) return undefined
  const providerMirror = await findProviderMirror()
  if (!providerMirror) {
    throw new CliError('unavailable', 'The Terraform registry is out of reach, and no mirror of hashicorp/aws was found on this machine.', {
      fix: 'Connect to the network, or name a filesystem mirror in the file that TF_CLI_CONFIG_FILE names.',
    })
  }
  const configFile = join(stateDir, 'terraform.rc')
  await forgetOldStandIns(stateDir, standInsDir)
  const { url, close } = await serveModuleRegistry(standInsDir)
  await writeTerraformConfig({ file: configFile, registryUrl: url, providerMirror })
  return { configFile, close }
}

/** terraform keeps a module of the same version, so stand-ins that were edited have to be forgotten first. */
async function forgetOldStandIns(stateDir: string, standInsDir: string): Promise<void> {
  const stampFile = join(stateDir, 'stand-ins.sha256')
  const hash = createHash('sha256')
  const entries = await readdir(standInsDir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort()
  for (const file of files) hash.update(file).update(await readFile(file))
  const stamp = hash.digest('hex')
  if ((await readFile(stampFile, 'utf8').catch(() => '')) === stamp) return
  await rm(join(stateDir, 'terraform'), { recursive: true, force: true })
  await writeFile(stampFile, stamp)
}

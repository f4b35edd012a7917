import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serveModuleRegistry } from '../../src/terraform/offline/module-registry.ts'
import { findProviderMirror } from '../../src/terraform/offline/provider-mirror.ts'
import { canReachRegistry, writeTerraformConfig } from '../../src/terraform/offline/terraform-config.ts'

const standIns = fileURLToPath(new URL('../../../infrastructure/tests/stand-ins', import.meta.url))

/**
 * Writes a Terraform CLI configuration by which infrastructure/ can be initialized, without the registry too.
 * @returns its path, and what stops serving the stand-ins
 */
export async function prepareTerraform(folder: string): Promise<{ file: string; stop: () => Promise<void> }> {
  const file = join(folder, 'terraform.rc')
  if (await canReachRegistry()) {
    await writeTerraformConfig({ file })
    return { file, stop: async () => undefined }
  }
  const { url, close } = await serveModuleRegistry(standIns)
  await writeTerraformConfig({ file, registryUrl: url, providerMirror: await findProviderMirror() })
  return { file, stop: close }
}

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { serveModuleRegistry } from '../../src/terraform/offline/module-registry.ts'
import { findProviderMirror } from '../../src/terraform/offline/provider-mirror.ts'
import { canReachRegistry, writeTerraformConfig } from '../../src/terraform/offline/terraform-config.ts'
import { exportTo, withoutCheckouts } from './checkouts.ts'

const standIns = fileURLToPath(new URL('../../../infrastructure/tests/stand-ins', import.meta.url))

/**
 * Writes a Terraform CLI configuration by which infrastructure/ can be initialized, without the registry too, and with
 * the real modules where FARGATE_CTL_MODULES names their checkouts.
 * @returns its path, and what stops serving the modules
 */
export async function prepareTerraform(folder: string): Promise<{ file: string; stop: () => Promise<void> }> {
  const file = join(folder, 'terraform.rc')
  const isOnline = await canReachRegistry()
  if (isOnline && withoutCheckouts) {
    await writeTerraformConfig({ file })
    return { file, stop: async () => undefined }
  }
  const { url, close } = await serveModuleRegistry(withoutCheckouts ? standIns : await exportTo(join(folder, 'modules')))
  await writeTerraformConfig({ file, registryUrl: url, providerMirror: isOnline ? undefined : await findProviderMirror() })
  return { file, stop: close }
}

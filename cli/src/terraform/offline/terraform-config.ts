import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isOpenTofu } from '../program.ts'

const terraformHost = 'registry.terraform.io'
const provider = ['hashicorp', 'aws']
/** Where sources without a host are looked for. */
const registryHost = () => (isOpenTofu() ? 'registry.opentofu.org' : terraformHost)

/**
 * Whether the public Terraform registry answers.
 * @returns false after three seconds without an answer
 */
export async function canReachRegistry(url = `https://${registryHost()}/.well-known/terraform.json`): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3000) })
    const services = (await response.json()) as Record<string, unknown>
    return response.ok && 'modules.v1' in services
  } catch {
    return false
  }
}

/**
 * Writes a Terraform CLI configuration.
 * https://developer.hashicorp.com/terraform/cli/config/config-file
 * @param options.file where to
 * @param options.registryUrl a module registry to ask in place of the public one
 * @param options.providerMirror a filesystem mirror to take the AWS provider from
 */
export async function writeTerraformConfig(options: {
  file: string
  registryUrl?: string | undefined
  providerMirror?: string | undefined
}): Promise<void> {
  const { file, registryUrl, providerMirror } = options
  const mirror = providerMirror && (isOpenTofu() ? await linkMirror(providerMirror, join(dirname(file), 'tofu-mirror')) : providerMirror)
  const blocks = [registryUrl && hostBlock(registryUrl), mirror && installationBlock(mirror)]
  await writeFile(file, blocks.filter(Boolean).join('\n'))
}

/**
 * The same provider by the host that OpenTofu looks for. Of links it follows the last alone: to an archive, or to what
 * was in one.
 * @returns the folder
 */
async function linkMirror(mirror: string, folder: string): Promise<string> {
  await rm(folder, { recursive: true, force: true })
  const [from, to] = [join(mirror, terraformHost, ...provider), join(folder, registryHost(), ...provider)]
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const names = entry.isDirectory() ? (await readdir(join(from, entry.name))).map((name) => join(entry.name, name)) : [entry.name]
    for (const name of names) {
      await mkdir(dirname(join(to, name)), { recursive: true })
      await symlink(join(from, name), join(to, name))
    }
  }
  return folder
}

/** A host block replaces all that the host says of itself, so providers are named as well. */
function hostBlock(registryUrl: string): string {
  return `host "${registryHost()}" {
  services = {
    "modules.v1"   = ${JSON.stringify(new URL('/v1/modules/', registryUrl).href)}
    "providers.v1" = "https://${registryHost()}/v1/providers/"
  }
}
`
}

function installationBlock(providerMirror: string): string {
  const source = [registryHost(), ...provider].join('/')
  return `provider_installation {
  filesystem_mirror {
    path    = ${JSON.stringify(providerMirror)}
    include = ["${source}"]
  }
  direct {
    exclude = ["${source}"]
  }
}
`
}

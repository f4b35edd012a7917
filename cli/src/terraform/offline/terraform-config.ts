import { writeFile } from 'node:fs/promises'

const registryHost = 'registry.terraform.io'
const provider = `${registryHost}/hashicorp/aws`

/**
 * Whether the public Terraform registry answers.
 * @returns false after three seconds without an answer
 */
export async function canReachRegistry(url = `https://${registryHost}/.well-known/terraform.json`): Promise<boolean> {
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
  const blocks = [registryUrl && hostBlock(registryUrl), providerMirror && installationBlock(providerMirror)]
  await writeFile(file, blocks.filter(Boolean).join('\n'))
}

/** A host block replaces all that the host says of itself, so providers are named as well. */
function hostBlock(registryUrl: string): string {
  return `host "${registryHost}" {
  services = {
    "modules.v1"   = ${JSON.stringify(new URL('/v1/modules/', registryUrl).href)}
    "providers.v1" = "https://${registryHost}/v1/providers/"
  }
}
`
}

function installationBlock(providerMirror: string): string {
  return `provider_installation {
  filesystem_mirror {
    path    = ${JSON.stringify(providerMirror)}
    include = ["${provider}"]
  }
  direct {
    exclude = ["${provider}"]
  }
}
`
}

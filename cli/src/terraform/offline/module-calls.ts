import { CliError } from '../../platform/errors.ts'
import type { Project } from '../../platform/project.ts'
import type { Item } from '../settings/items.ts'
import { readFiles } from '../settings/read-files.ts'

/** A module that infrastructure/ takes from the Terraform registry. */
export type ModuleCall = {
  /** Its label in the configuration. */
  name: string
  /** namespace/name/provider, without the host and without a submodule's path. */
  source: string
  version: string
}

/** https://developer.hashicorp.com/terraform/language/modules/sources#terraform-registry */
const registryAddress = /^(?:registry\.terraform\.io\/)?([\w-]+\/[\w-]+\/[a-z\d]+)(?:\/\/.*)?$/

/**
 * Reads which modules infrastructure/ takes from the Terraform registry.
 * @throws CliError `usage` when one is asked for by anything but one version
 */
export async function readModuleCalls(project: Project): Promise<ModuleCall[]> {
  const { terraform } = await readFiles(project, [])
  const blocks = terraform.flatMap(({ items, isJson }) => items.filter(({ name }) => name === 'module').flatMap((item) => (isJson ? item.items : item)))
  return blocks.flatMap(readCall)
}

function readCall(block: Item): ModuleCall[] {
  const valueOf = (wanted: string) => block.items.find(({ name }) => name === wanted)?.text
  const [, source] = registryAddress.exec(valueOf('source') ?? '') ?? []
  if (source === undefined) return []
  const name = block.labels[0] ?? block.name
  const [, version] = /^(?:= *)?(\d+\.\d+\.\d+(?:-\S+)?)$/.exec(valueOf('version')?.trim() ?? '') ?? []
  if (version !== undefined) return [{ name, source, version }]
  throw new CliError('usage', `infrastructure/ does not say which version of module "${name}" it wants: ${valueOf('version') ?? 'none is named'}.`, {
    fix: 'Name one version, such as version = "1.2.3", or leave --modules out.',
  })
}

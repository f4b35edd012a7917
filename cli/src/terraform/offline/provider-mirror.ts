import { readdir, readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'

/** The version in infrastructure/.terraform.lock.hcl. */
export const providerVersion = '5.100.0'

const registryFolder = 'registry.terraform.io'
const notWorthSearching = new Set(['node_modules', 'proc', 'sys', 'dev', 'doc', 'docs', 'man', 'locale', 'include'])
const maxDepth = 6
const maxFolders = 50_000

/**
 * Finds a filesystem mirror that holds the AWS provider for this machine: where Terraform's own configuration says,
 * then where Terraform looks by itself, then anywhere that software is usually put.
 * https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories
 * @param options `roots`: what is searched last; a bounded search, some 50,000 folders
 * @returns the folder that holds registry.terraform.io/, or undefined
 */
export async function findProviderMirror(
  options: { env?: Record<string, string | undefined>; roots?: string[] } = {},
): Promise<string | undefined> {
  const { env = process.env, roots } = options
  const home = env.HOME ?? homedir()
  for (const folder of [...(await configuredMirrors(env, home)), ...impliedMirrors(env, home)]) {
    if (await holdsProvider(folder)) return folder
  }
  return searchDisk(roots ?? ['/opt', '/usr/local', '/usr/lib', '/usr/share', '/var/lib', '/srv', home, '/usr', '/mnt'])
}

async function configuredMirrors(env: Record<string, string | undefined>, home: string): Promise<string[]> {
  const mirrors: string[] = []
  for (const file of [env.TF_CLI_CONFIG_FILE, join(home, '.terraformrc')]) {
    const text = file ? await readFile(file, 'utf8').catch(() => '') : ''
    for (const [, path] of text.matchAll(/filesystem_mirror\s*\{[^}]*?\bpath\s*=\s*"([^"]+)"/g)) {
      if (path && isAbsolute(path)) mirrors.push(path)
    }
  }
  return mirrors
}

function impliedMirrors(env: Record<string, string | undefined>, home: string): string[] {
  const dataFolders = [
    env.XDG_DATA_HOME || join(home, '.local', 'share'),
    ...(env.XDG_DATA_DIRS || '/usr/local/share:/usr/share').split(delimiter),
  ]
  const library = join('Library', 'Application Support', 'io.terraform', 'plugins')
  return [
    join(home, '.terraform.d', 'plugins'),
    ...dataFolders.map((folder) => join(folder, 'terraform', 'plugins')),
    ...(process.platform === 'darwin' ? [join(home, library), join('/', library)] : []),
    ...(env.TF_PLUGIN_CACHE_DIR ? [env.TF_PLUGIN_CACHE_DIR] : []),
  ]
}

/** Breadth first, because what people put somewhere on purpose is not deep. */
async function searchDisk(roots: string[]): Promise<string | undefined> {
  let level = [...new Set(roots)]
  let visited = 0
  for (let depth = 0; depth < maxDepth && level.length > 0; depth++) {
    const next: string[] = []
    for (const folder of level) {
      if (++visited > maxFolders) return undefined
      const names = await listFolders(folder)
      if (names.includes(registryFolder) && (await holdsProvider(folder))) return folder
      next.push(...names.map((name) => join(folder, name)))
    }
    level = next
  }
  return undefined
}

/** Folders within, without symbolic links and without what a project's own `terraform init` has made. */
async function listFolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isDirectory() && !notWorthSearching.has(entry.name))
    .map((entry) => entry.name)
    .filter((name) => name !== '.terraform' && name !== '.git')
}

/** @returns whether `mirror` holds the provider, unpacked or as an archive, for this operating system and CPU */
async function holdsProvider(mirror: string): Promise<boolean> {
  const platform = `${platformNames[process.platform] ?? process.platform}_${archNames[process.arch] ?? process.arch}`
  const folder = join(mirror, registryFolder, 'hashicorp', 'aws')
  const unpacked = join(folder, providerVersion, platform)
  const archive = join(folder, `terraform-provider-aws_${providerVersion}_${platform}.zip`)
  const found = await Promise.all([unpacked, archive].map((path) => stat(path).then(() => true, () => false)))
  return found.includes(true)
}

const platformNames: Record<string, string> = { win32: 'windows' }
const archNames: Record<string, string> = { x64: 'amd64', ia32: '386' }

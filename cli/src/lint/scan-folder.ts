import { createHash } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CliError } from '../errors.ts'
import type { Project } from '../project.ts'
import { serveModuleRegistry } from '../rehearsal/module-registry.ts'
import { findProviderMirror } from '../rehearsal/provider-mirror.ts'
import { canReachRegistry, writeTerraformConfig } from '../rehearsal/terraform-config.ts'
import { run } from '../tools/run.ts'

const copies = new Map<string, Promise<string>>()

/** The copy that `makeCopy` makes, once in a process: two scanners may ask for it at the same time. */
export function initForScanning(project: Project): Promise<string> {
  const copy = copies.get(project.root) ?? makeCopy(project)
  copies.set(project.root, copy)
  return copy
}

/**
 * A copy of infrastructure/ with its modules fetched, for scanners that look into them; the user's own .terraform
 * stays as it is. It is kept, and fetched again only after a change.
 * @returns the copy's folder
 * @throws CliError `unavailable` when the modules cannot be had
 */
async function makeCopy(project: Project): Promise<string> {
  const folder = join(project.scratch, 'lint', 'infrastructure')
  await mkdir(folder, { recursive: true })
  const names = await copyConfiguration(project.infrastructure, folder)
  const inputs = await hashFiles(folder, names.filter((name) => !name.endsWith('.tfvars')))
  const stampFile = join(folder, '.stamp')
  const modules = join(folder, '.terraform', 'modules', 'modules.json')
  if (existsSync(modules) && (await readFile(stampFile, 'utf8').catch(() => '')) === inputs) return folder
  await fetchModules(project, folder)
  if (!existsSync(modules)) {
    throw new CliError('unavailable', 'terraform init left no modules: a scan would find nothing and look clean.', {
      fix: 'Run `terraform -chdir=infrastructure init -backend=false` and read what it says.',
    })
  }
  await writeFile(stampFile, inputs)
  return folder
}

/** Makes the copy the same as the original. @returns the names of the copied files */
async function copyConfiguration(from: string, to: string): Promise<string[]> {
  const wanted = (name: string) => /\.(tf|tfvars)$/.test(name) || name === '.terraform.lock.hcl'
  const names = (await readdir(from)).filter(wanted).sort()
  const old = (await readdir(to)).filter((name) => wanted(name) && !names.includes(name))
  await Promise.all([...old.map((name) => rm(join(to, name))), ...names.map((name) => copyFile(join(from, name), join(to, name)))])
  return names
}

/** `init` without a backend also downloads the provider, which no scanner needs; `get` fetches modules alone. */
async function fetchModules(project: Project, folder: string): Promise<void> {
  await rm(join(folder, '.terraform'), { recursive: true, force: true })
  const get = (env: Record<string, string>) =>
    run('terraform', ['get', '-no-color'], { cwd: folder, env: { ...env, TF_DATA_DIR: '.terraform' }, interruptWith: 'SIGINT' })
  if (await canReachRegistry()) return void (await get({}))
  const standIns = join(project.infrastructure, 'tests', 'stand-ins')
  if (!existsSync(standIns)) {
    throw new CliError('unavailable', 'The Terraform registry is out of reach, and a scan without the modules would find nothing.', {
      fix: 'Connect to the network and run this again.',
    })
  }
  const registry = await serveModuleRegistry(standIns)
  try {
    const file = join(project.scratch, 'lint', 'terraform.rc')
    await writeTerraformConfig({ file, registryUrl: registry.url, providerMirror: await findProviderMirror() })
    await get({ TF_CLI_CONFIG_FILE: file })
  } finally {
    await registry.close()
  }
}

async function hashFiles(folder: string, names: string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const name of names) hash.update(name).update(await readFile(join(folder, name)))
  return hash.digest('hex')
}

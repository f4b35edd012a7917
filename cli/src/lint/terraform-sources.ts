import { createHash } from 'node:crypto'
import { copyFile, cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { z } from 'zod'
import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import { ProgramError, run } from '../platform/run.ts'
import { serveModuleRegistry } from '../terraform/offline/module-registry.ts'
import { findProviderMirror } from '../terraform/offline/provider-mirror.ts'
import { canReachRegistry, writeTerraformConfig } from '../terraform/offline/terraform-config.ts'
import { UnreadableSources } from './linter.ts'
import { findTerraformErrors } from './terraform-errors.ts'

/** What Terraform loads, for scanners that look into modules. */
export type TerraformSources = {
  /** The folders of the local modules that infrastructure/ uses, wherever they are. */
  modules: string[]
  /** A folder with a copy of every file, each at its own absolute path below it. */
  copy: string
  /** infrastructure/ in the copy, with the modules that were fetched in .terraform. */
  folder: string
  /** The tfvars files that Terraform loads from it, in its order. */
  inputs: string[]
}

const configuration = /\.tf(\.json)?$/
const sources = new Map<string, Promise<TerraformSources>>()

/** The files of infrastructure/ itself that hold configuration, relative to the project. */
export async function findConfiguration({ root, infrastructure }: Project): Promise<string[]> {
  const names = await listFiles(infrastructure)
  return names.filter((name) => configuration.test(name)).map((name) => relative(root, join(infrastructure, name)))
}

/**
 * Fetches the modules and copies what Terraform loads, once in a process; the user's own .terraform stays as it is.
 * @throws UnreadableSources, CliError `unavailable` when the modules cannot be had
 */
export function loadSources(project: Project): Promise<TerraformSources> {
  const loaded = sources.get(project.root) ?? load(project)
  sources.set(project.root, loaded)
  return loaded
}

/** The root that makes what has to exist first, where there is one; it uses no modules. */
export const findBootstrap = ({ infrastructure }: Project): string[] => [join(infrastructure, 'bootstrap')].filter((folder) => existsSync(folder))

/** Where a file of the copy comes from. */
export function originalPath({ copy }: TerraformSources, path: string): string {
  return path.startsWith(`${copy}/`) ? path.slice(copy.length) : path
}

async function load(project: Project): Promise<TerraformSources> {
  await fetchModules(project)
  const modules = await readLocalModules(project)
  const copy = join(project.scratch, 'lint', 'copy')
  await rm(copy, { recursive: true, force: true })
  for (const folder of [project.infrastructure, ...findBootstrap(project), ...modules]) await copyFolder(folder, join(copy, folder))
  const folder = join(copy, project.infrastructure)
  await copyFetchedModules(project, folder)
  return { modules, copy, folder, inputs: sortInputs(await listFiles(folder)) }
}

async function copyFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  await Promise.all((await listFiles(from)).map((name) => copyFile(join(from, name), join(to, name))))
}

/** A folder's files without those that Terraform takes for an editor's: .*, *~ and #*#. */
async function listFiles(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => !/^\.|~$|^#.*#$/.test(name)).sort()
  const isFile = await Promise.all(names.map(async (name) => (await stat(join(folder, name)).catch(() => null))?.isFile()))
  return names.filter((_, index) => isFile[index])
}

/** https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence */
function sortInputs(names: string[]): string[] {
  const first = ['terraform.tfvars', 'terraform.tfvars.json'].filter((name) => names.includes(name))
  return [...first, ...names.filter((name) => /\.auto\.tfvars(\.json)?$/.test(name))]
}

const modulesSchema = z.looseObject({ Modules: z.array(z.looseObject({ Dir: z.string() })) })
const fetchedFolder = ({ scratch }: Project) => join(scratch, 'lint', 'terraform')

/** Terraform's own list of the modules; their folders are relative to infrastructure/, or absolute. */
async function readModules(project: Project): Promise<z.infer<typeof modulesSchema>> {
  return modulesSchema.parse(JSON.parse(await readFile(join(fetchedFolder(project), 'modules', 'modules.json'), 'utf8')))
}

async function readLocalModules(project: Project): Promise<string[]> {
  const { Modules } = await readModules(project)
  const folders = new Set(Modules.map(({ Dir }) => resolve(project.infrastructure, Dir)))
  folders.delete(project.infrastructure)
  return [...folders].filter((folder) => !folder.startsWith(fetchedFolder(project)))
}

/** Puts the fetched modules and the list of all modules where scanners look for them, with paths that hold in the copy. */
async function copyFetchedModules(project: Project, folder: string): Promise<void> {
  const to = join(folder, '.terraform', 'modules')
  await cp(join(fetchedFolder(project), 'modules'), to, { recursive: true, dereference: true })
  const { Modules, ...rest } = await readModules(project)
  const moved = Modules.map((module) => {
    const from = resolve(project.infrastructure, module.Dir)
    const fetched = relative(fetchedFolder(project), from)
    const inCopy = fetched.startsWith('..') ? relative(project.infrastructure, from) : join('.terraform', fetched)
    return { ...module, Dir: inCopy || '.' }
  })
  await writeFile(join(to, 'modules.json'), JSON.stringify({ ...rest, Modules: moved }))
}

/** `terraform get`, unless nothing has changed since the last one. */
async function fetchModules(project: Project): Promise<void> {
  const folder = fetchedFolder(project)
  const stampFile = join(folder, 'stamp')
  const stamp = await readFile(stampFile, 'utf8').catch(() => undefined)
  if (stamp !== undefined && stamp === (await fingerprint(project).catch(() => undefined))) return
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await getModules(project)
  if (!existsSync(join(folder, 'modules', 'modules.json'))) {
    throw new CliError('unavailable', 'terraform get left no modules: a scan would find nothing and look clean.', {
      fix: 'Run `terraform -chdir=infrastructure get` and read what it says.',
    })
  }
  await writeFile(stampFile, await fingerprint(project))
}

/** Changes with every file that may name a module. */
async function fingerprint(project: Project): Promise<string> {
  const hash = createHash('sha256')
  for (const folder of [project.infrastructure, ...(await readLocalModules(project))]) {
    for (const name of (await listFiles(folder)).filter((name) => configuration.test(name))) {
      const path = join(folder, name)
      hash.update(`\0${path}\0`).update(await readFile(path))
    }
  }
  return hash.digest('hex')
}

/** `init` without a backend also downloads the provider, which no scanner needs; `get` fetches modules alone. */
async function getModules(project: Project): Promise<void> {
  const get = async (more: Record<string, string>) => {
    const env = { ...more, TF_DATA_DIR: fetchedFolder(project) }
    try {
      await run('terraform', ['get', '-no-color'], { cwd: project.infrastructure, env, interruptWith: 'SIGINT' })
    } catch (error) {
      const findings = error instanceof ProgramError ? await findTerraformErrors(project, project.infrastructure, env) : []
      throw findings.length > 0 ? new UnreadableSources(findings) : error
    }
  }
  await withModules(project, get)
}

/**
 * Lets terraform fetch modules, and providers: from the registry, or the stand-ins and a mirror where it is out of reach.
 * @param work is given the environment to run terraform in
 */
export async function withModules<Result>(project: Project, work: (env: Record<string, string>) => Promise<Result>): Promise<Result> {
  const standIns = join(project.infrastructure, 'tests', 'stand-ins')
  if (!existsSync(standIns) || (await canReachRegistry())) return work({})
  const registry = await serveModuleRegistry(standIns)
  try {
    const file = join(project.scratch, 'lint', `terraform-${registry.url.replaceAll(/\D/g, '')}.rc`)
    await mkdir(dirname(file), { recursive: true })
    await writeTerraformConfig({ file, registryUrl: registry.url, providerMirror: await findProviderMirror() })
    return await work({ TF_CLI_CONFIG_FILE: file }).finally(() => rm(file, { force: true }))
  } finally {
    await registry.close()
  }
}

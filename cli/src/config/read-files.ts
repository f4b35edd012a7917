import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { Project } from '../project.ts'
import type { ConfigurationFile, Placed } from './configuration-file.ts'
import type { Finding } from './findings.ts'
import { createSource, readSource } from './source.ts'
import { parseFile } from './syntax.ts'

export const fileNames = {
  backend: 's3.tfbackend',
  inputs: 'input.auto.tfvars',
  variables: 'variables.tf',
  versions: 'versions.tf',
  state: 'state.tf',
} as const

/** A file by its name in infrastructure/: what was read of it, or why nothing was. */
export type ReadFile = {
  name: string
  file: ConfigurationFile | undefined
  problem: Finding | undefined
  missing: boolean
}

/** The configuration's files; `inputs` in the order in which Terraform reads them, so that the last one wins. */
export type ProjectFiles = { backend: ReadFile; inputs: ReadFile[]; terraform: ReadFile[] }

/** Reads and parses all files; syntax errors are added to `findings`. */
export async function readFiles(project: Project, findings: Finding[]): Promise<ProjectFiles> {
  const names = await readdir(project.infrastructure).catch(() => [])
  const readAll = (wanted: string[], isWanted?: RegExp) =>
    Promise.all(wanted.map((name) => readOne(project, name, findings, isWanted))).then((files) =>
      files.filter((file) => file !== undefined),
    )
  const own: string[] = [fileNames.variables, fileNames.versions, fileNames.state]
  const others = names.filter((name) => name.endsWith('.tf') && !own.includes(name))
  const [[backend], inputs, ownTerraform, otherTerraform] = await Promise.all([
    readAll([fileNames.backend]),
    readAll(orderInputs([...new Set([...names, fileNames.inputs])])),
    readAll(own),
    readAll(others, /^[ \t]*(variable|terraform)\b/m),
  ])
  if (!backend) throw new Error('no backend file was read')
  return { backend, inputs, terraform: [...ownTerraform, ...otherTerraform] }
}

/** https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence */
function orderInputs(names: string[]): string[] {
  const automatic = names.filter((name) => /\.auto\.tfvars(\.json)?$/.test(name)).sort((a, b) => (a < b ? -1 : 1))
  return [...['terraform.tfvars', 'terraform.tfvars.json'].filter((name) => names.includes(name)), ...automatic]
}

/** @returns undefined for a file whose text is not `isWanted`: it has nothing to say here */
async function readOne(
  project: Project,
  name: string,
  findings: Finding[],
  isWanted?: RegExp,
): Promise<ReadFile | undefined> {
  const result = await readSource(project.root, join(project.infrastructure, name))
  if (!result.source)
    return isWanted ? undefined : { name, file: undefined, problem: result.problem, missing: result.missing }
  if (isWanted && !isWanted.test(result.source.text)) return undefined
  return { name, file: await parseFile(result.source, findings), problem: undefined, missing: false }
}

export function parsedFiles(files: ReadFile[]): ConfigurationFile[] {
  return files.map(({ file }) => file).filter((file) => file !== undefined)
}

/** The first character of a file of infrastructure/, there or not. */
export function startOf(project: Project, name: string): Placed['at'] {
  return { source: createSource(nameInProject(project, name), ''), offset: 0 }
}

export function nameInProject(project: Project, name: string): string {
  return relative(project.root, join(project.infrastructure, name)).split(sep).join('/')
}

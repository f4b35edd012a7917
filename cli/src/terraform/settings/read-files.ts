import { readdir } from 'node:fs/promises'
import { relative, resolve, sep } from 'node:path'
import type { Finding } from '../../findings/finding.ts'
import type { Project } from '../../platform/project.ts'
import { isOpenTofu } from '../terraform.ts'
import { readItems, type Item } from './items.ts'
import { createSource, readSource, type At, type Source } from './source.ts'

/** The files of settings as they are called in a folder that is made for Terraform's evaluation. */
export const backendFile = 's3.tfbackend'
export const environmentFile = 'input.tfvars'

/** A file as it is written, and what it is made of. */
export type ConfigurationFile = { source: Source; items: Item[]; isJson: boolean }

/** What Terraform reads for an environment; `inputs` in its order, in which the last one wins. */
export type ProjectFiles = { backend: ConfigurationFile | undefined; inputs: ConfigurationFile[]; terraform: ConfigurationFile[] }

/**
 * Reads all files; one that cannot be read is added to `findings`.
 * https://developer.hashicorp.com/terraform/language/files
 */
export async function readFiles({ root, infrastructure, environment, backendFile: backendPath, inputFile }: Project, findings: Finding[]): Promise<ProjectFiles> {
  const names = (await readdir(infrastructure).catch(() => [])).sort((a, b) => (a < b ? -1 : 1))
  const read = async (name: string) => {
    const { source, problem } = await readSource(root, resolve(infrastructure, name))
    if (problem) findings.push(problem)
    return source ? [await parseFile(source)] : []
  }
  const readAll = async (wanted: string[]) => (await Promise.all(wanted.map(read))).flat()
  const terraform = names.filter(isTerraformFile)
  const [[backend], inputs, configuration] = await Promise.all([
    readAll([backendPath]),
    readAll([...orderInputs(names), ...(environment === undefined ? [] : [inputFile])]),
    readAll([...terraform.filter((name) => !isOverride(name)), ...terraform.filter(isOverride)]),
  ])
  return { backend, inputs, terraform: configuration }
}

export async function parseFile(source: Source): Promise<ConfigurationFile> {
  const isJson = source.name.endsWith('.json')
  return { source, isJson, items: await readItems(source.text, isJson) }
}

/** Editors' backups are none (https://developer.hashicorp.com/terraform/language/files). */
function isTerraformFile(name: string): boolean {
  const isLeftOver = name.startsWith('.') || name.endsWith('~') || /^#.*#$/.test(name)
  return !isLeftOver && (/\.tf(\.json)?$/.test(name) || (isOpenTofu() && /\.tofu(\.json)?$/.test(name)))
}

const isOverride = (name: string) => /(^|_)override\.(tf|tofu)(\.json)?$/.test(name)

/** https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence */
function orderInputs(names: string[]): string[] {
  const first = ['terraform.tfvars', 'terraform.tfvars.json'].filter((name) => names.includes(name))
  return [...first, ...names.filter((name) => /\.auto\.tfvars(\.json)?$/.test(name))]
}

/** Whether Terraform reads a file of infrastructure/, which a copy for it therefore holds. */
export const isConfiguration = (name: string) => isTerraformFile(name) || [backendFile, environmentFile].includes(name) || orderInputs([name]).length > 0

/** The first character of a file, there or not. @param name in infrastructure/, or its absolute path */
export function startOf({ root, infrastructure }: Project, name: string): At {
  return { source: createSource(relative(root, resolve(infrastructure, name)).split(sep).join('/'), ''), offset: 0 }
}

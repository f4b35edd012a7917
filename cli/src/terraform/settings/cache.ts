import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { z } from 'zod'
import { findingSchema } from '../../findings/finding.ts'
import type { Project } from '../../platform/project.ts'
import { terraformProgram } from '../terraform.ts'
import { readConfiguration, type Configuration } from './read-configuration.ts'
import { isConfiguration } from './read-files.ts'
import { settingsSchema } from './settings.ts'

const cacheSchema = z.object({ key: z.string(), findings: z.array(findingSchema), settings: settingsSchema })

/** Variables that change what Terraform makes of the same files. */
const isRelevant = (name: string) => /^TF_(VAR_|CLI_ARGS)/.test(name) || /^AWS_(DEFAULT_)?REGION$/.test(name)

/**
 * The same as `readConfiguration`, without starting Terraform while nothing that it would read has changed.
 * Only a configuration without errors is remembered.
 */
export async function readConfigurationOnce(project: Project): Promise<Configuration> {
  const file = join(project.scratch, `settings${project.environment ? `-${project.environment}` : ''}.json`)
  const key = await fingerprint(project)
  const known = key && (await readCache(file))
  if (known && known.key === key) return known
  const configuration = await readConfiguration(project)
  // Where it cannot be written, the next run asks again.
  if (key && configuration.settings) await writeCache(file, { key, ...configuration }).catch(() => undefined)
  return configuration
}

async function readCache(file: string) {
  try {
    return cacheSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return undefined
  }
}

async function writeCache(file: string, content: unknown): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true })
  const temporary = `${file}.${process.pid}`
  await writeFile(temporary, JSON.stringify(content), { mode: 0o600 })
  await rename(temporary, file)
}

/** @returns undefined when more counts than can be told: a program that is not found, or rules that read files */
async function fingerprint({ infrastructure, environment, backendFile, inputFile }: Project): Promise<string | undefined> {
  const program = await identifyProgram()
  if (!program) return undefined
  const names = (await readdir(infrastructure).catch(() => [])).filter(isConfiguration).sort()
  const hash = createHash('sha256').update(program)
  for (const name of [...names, ...(environment === undefined ? [] : [backendFile, inputFile])]) {
    const text = await readFile(resolve(infrastructure, name)).catch(() => '')
    if (/\.(tf|tofu)(\.json)?$/.test(name) && readsFiles.test(String(text))) return undefined
    hash.update(`\0${name}\0${text.length}\0`).update(text)
  }
  const variables = Object.keys(process.env).filter(isRelevant).sort()
  for (const name of variables) hash.update(`\0${name}=${process.env[name]}`)
  return hash.digest('hex')
}

/** A rule of a variable or a local may look into other files. */
const readsFiles = /\b(file|fileexists|fileset|filebase64|templatefile|file(base64)?(md5|sha\d+))\(/

/** The program on PATH and when it was installed: its version, without running it. */
async function identifyProgram(): Promise<string | undefined> {
  const program = terraformProgram()
  const folders = isAbsolute(program) ? [''] : (process.env.PATH ?? '').split(delimiter)
  for (const folder of folders) {
    const path = join(folder, program)
    const found = await stat(path).catch(() => undefined)
    if (found?.isFile()) return `${path} ${found.size} ${found.mtimeMs}`
  }
  return undefined
}

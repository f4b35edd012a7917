import { parse } from '@cdktn/hcl2json'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Project } from '../project.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { settingsSchema, type Settings } from './settings.ts'

export async function requireSettings({ infrastructure }: Project, _terminal: Terminal): Promise<Settings> {
  const read = async (name: string) => parse(name, await readFile(join(infrastructure, name), 'utf8'))
  const [backend, tfvars, variables] = await Promise.all([read('s3.tfbackend'), read('input.auto.tfvars'), read('variables.tf')])
  const defaults = Object.fromEntries(Object.entries(variables.variable as Record<string, { default?: unknown }[]>).map(([name, [body]]) => [name, body?.default]))
  return settingsSchema.parse({ backend, inputs: { ...defaults, ...tfvars } })
}

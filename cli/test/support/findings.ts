import { join } from 'node:path'
import type { Test } from 'tap'
import { readConfiguration } from '../../src/terraform/settings/read-configuration.ts'
import { inEnvironment, type Project } from '../../src/platform/project.ts'
import { writeProject } from './project.ts'

/** The project in a folder, without looking for its tools. */
export const projectIn = (root: string, environment?: string): Project =>
  inEnvironment({ root, infrastructure: join(root, 'infrastructure'), application: join(root, 'application'), scratch: join(root, 'scratch') }, environment)

/** Writes a project with these files of infrastructure/ changed, and reads its configuration. */
export function readWith(t: Test, changed: Record<string, string | undefined>) {
  const files = Object.entries(changed).map(([name, text]) => [`infrastructure/${name}`, text])
  const root = writeProject(t.testdir({}), Object.fromEntries(files))
  return readConfiguration(projectIn(root))
}

/** The findings of such a project, each as `file:line:column severity rule`. */
export async function findingsWith(t: Test, changed: Record<string, string | undefined>): Promise<string[]> {
  const { findings } = await readWith(t, changed)
  return findings.map(
    ({ file, line, column, severity, rule }) =>
      `${file.replace('infrastructure/', '')}:${line}:${column} ${severity} ${rule}`,
  )
}

/** s3.tfbackend with nothing wrong in it. */
export const goodBackend = `bucket       = "state-bucket"
key          = "webapp/dev/terraform.tfstate"
region       = "eu-central-1"
encrypt      = true
use_lockfile = true
`

/** variables.tf with what fargate-ctl needs, and more. */
export const variables = (more: string) => `variable "region" {
  type = string
}
variable "env" {
  type = string
}
variable "name" {
  type    = string
  default = "webapp"
}
variable "repository_name" {
  type    = string
  default = "webapp"
}
variable "image_tag" {
  type = string
}
${more}`

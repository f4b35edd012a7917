import { join, relative } from 'node:path'
import type { Project } from '../platform/project.ts'
import { dataFolder } from './program.ts'
import type { Terraform } from './terraform.ts'

/**
 * Terraform as it runs for a project. An environment has a data directory of its own, below the one without, so that
 * none is ever initialised with the state of another; its values go over those that Terraform loads by itself.
 * @param variables more of the environment, such as TF_VAR_image_tag
 */
export function terraformFor({ infrastructure: folder, environment, backendFile, inputFile }: Project, variables: Record<string, string> = {}): Terraform {
  const own: Record<string, string> = environment === undefined ? {} : { TF_DATA_DIR: join(dataFolder(folder, {}), 'environments', environment) }
  return {
    folder,
    env: { ...own, ...variables },
    backendFile: relative(folder, backendFile),
    varFiles: environment === undefined ? [] : [relative(folder, inputFile)],
  }
}

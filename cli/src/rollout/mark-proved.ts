import { addTag } from '../platform/aws/ecr.ts'
import { CliError } from '../platform/errors.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { repositoryName, type Release } from '../release/release.ts'
import type { Settings } from '../terraform/settings/settings.ts'

/**
 * Names an image that has proved itself `proved-<environment>-<digest>`: the repository's lifecycle policy deletes none whose
 * name begins so, and one can go back to it. One name for each image and environment, however often it is deployed.
 */
export async function markProved({ repository, digest }: Pick<Release, 'repository' | 'digest'>, { inputs }: Settings, terminal: Terminal): Promise<void> {
  const name = repositoryName({ repository })
  try {
    await addTag(name, digest, provedTag(inputs.env, digest), inputs.region)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    terminal.warn(`The image was not marked as proved, so that a lifecycle policy may delete it one day. ${error.message} ${error.fix ?? ''}`.trim())
  }
}

export const provedTag = (env: string, digest: string) => `proved-${env}-${digest.replace(/^sha256:/, '').slice(0, 12)}`

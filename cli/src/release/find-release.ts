import { describeRepository, findImage } from '../platform/aws/ecr.ts'
import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import { describeCommit } from './describe-commit.ts'
import { readContent, type ContentFlags, type ReleaseInputs } from './content.ts'
import { readWorkTree } from './git.ts'
import type { Release } from './release.ts'

/**
 * Finds a release that is in ECR already: by its tag, or by the content that application/ has now.
 * @throws CliError `unavailable` when it is not there
 */
export async function findRelease(project: Project, inputs: ReleaseInputs, flags: ContentFlags & { tag?: string | undefined }): Promise<Release> {
  const { region, repository_name: name } = inputs
  const [repository, known] = await Promise.all([describeRepository(name, region), flags.tag ? named(flags.tag) : describeContent(project, inputs, flags)])
  const image = await findImage(name, known.tag, region)
  if (image) return { repository: repository.uri, digest: image.digest, ...known }
  throw new CliError('unavailable', `There is no image ${name}:${known.tag} in ECR.`, {
    fix: flags.tag ? 'Name a tag that exists with --tag.' : 'Run `fargate-ctl build` first, or add --build.',
  })
}

type Known = Omit<Release, 'repository' | 'digest'>

/** Who pushed it, and from what, is not known. */
const named = (tag: string): Known => ({ tag, platform: null, version: null, commit: null })

async function describeContent(project: Project, inputs: ReleaseInputs, flags: ContentFlags): Promise<Known> {
  const content = await readContent(project, inputs, flags)
  const { context, dockerfile } = content.source
  const { commit } = describeCommit(content, await readWorkTree(context, dockerfile))
  return { tag: content.tag, platform: content.platform, version: content.version, commit }
}

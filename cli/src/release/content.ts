import { existsSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { CliError } from '../platform/errors.ts'
import { settingsFile, type Project } from '../platform/project.ts'
import type { ImageSettings } from '../terraform/settings/settings.ts'
import { bundle, readApplication } from './application.ts'
import { listContext, type BuildSource } from './build-context.ts'
import { makeContentTag, type TagInput } from './content-tag.ts'

export type ReleaseInputs = ImageSettings['inputs']

/** What to build. */
export type ContentFlags = {
  platform?: string | undefined
  /** The folder that is sent to the builder; default: application/. */
  context?: string | undefined
  /** Default: the Dockerfile in the context. */
  dockerfile?: string | undefined
}

/** Everything that shapes an image, and the tag made of it. */
export type Content = TagInput & {
  tag: string
  version: string | null
  /** Whether a script makes what is built from other files in the folder. */
  isBundled: boolean
}

/**
 * Bundles the application where it has a script for that, and makes the tag of its content; asks neither AWS nor a
 * container engine.
 * @throws CliError
 */
export async function readContent(project: Project, inputs: ReleaseInputs, flags: ContentFlags): Promise<Content> {
  const platform = choosePlatform(inputs, flags)
  const source = await findSource(project, flags)
  const { version, bundledIn } = await readApplication(source)
  if (bundledIn) await bundle(bundledIn)
  const base = process.env.FARGATE_CTL_BASE_IMAGE
  const buildArgs = { ...(version === null ? {} : { APP_VERSION: version }), ...(base ? { BASE_IMAGE: base } : {}) }
  const shaping = { source, entries: await listContext(source), platform, buildArgs }
  return { ...shaping, tag: await makeContentTag(shaping), version, isBundled: bundledIn !== null }
}

/**
 * The platform of the task definition's runtime_platform, so that image and task can't be of different kinds.
 * @throws CliError `usage` when another one is asked for
 */
export function choosePlatform({ cpu_architecture: architecture }: ReleaseInputs, { platform }: ContentFlags): string {
  const runs = architecture === 'ARM64' ? 'linux/arm64' : 'linux/amd64'
  if (platform === undefined || platform === runs) return runs
  if (!architecture) return platform
  const wanted = platform === 'linux/arm64' ? 'ARM64' : 'X86_64'
  throw new CliError('usage', `--platform ${platform} makes an image that no task can run: cpu_architecture is ${architecture}.`, {
    fix: `Leave --platform out, or write cpu_architecture = "${wanted}" in ${settingsFile('inputs')}.`,
  })
}

async function findSource({ application }: Project, flags: ContentFlags): Promise<BuildSource> {
  const context = resolve(flags.context ?? application)
  if (!existsSync(context)) {
    const fix = flags.context === undefined ? 'Put the app and its Dockerfile into application/, or name its folder with --context.' : 'Name the folder of the app with --context.'
    throw new CliError('usage', `There is no folder ${context}.`, { fix })
  }
  const dockerfile = resolve(flags.dockerfile ?? join(context, 'Dockerfile'))
  if (!existsSync(dockerfile)) {
    throw new CliError('usage', `There is no ${basename(dockerfile)} in ${dirname(dockerfile)}.`, {
      fix: 'Put the app and its Dockerfile into application/, or name it with --dockerfile.',
    })
  }
  return { context: await realpath(context), dockerfile: join(await realpath(dirname(dockerfile)), basename(dockerfile)) }
}

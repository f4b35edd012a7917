import {
  addTag,
  describeRepository,
  findImage,
  getRegistryLogin,
  tagTaken,
  type RegistryImage,
  type RegistryLogin,
  type Repository,
} from '../platform/aws/ecr.ts'
import { getIdentity, requireAccount } from '../platform/aws/sts.ts'
import { allOf, CliError, describeCause } from '../platform/errors.ts'
import { throwIfInterrupted } from '../platform/interrupts.ts'
import type { Project } from '../platform/project.ts'
import { hideSecret } from '../platform/terminal/secrets.ts'
import type { Say, Terminal } from '../platform/terminal/terminal.ts'
import type { ImageSettings } from '../terraform/settings/settings.ts'
import { readDockerfile } from './build-context.ts'
import { choosePlatform, readContent, type Content, type ContentFlags } from './content.ts'
import { describeCommit } from './describe-commit.ts'
import { findUnpinned } from './dockerfile/unpinned.ts'
import { buildImage, openRegistrySession, pushImage, requireEngine, type Engine, type EngineChoice } from './engine.ts'
import { readWorkTree } from './git.ts'
import type { Release } from './release.ts'

export type BuildFlags = ContentFlags & {
  /** What else is looked at before anything is built or pushed; its problems are told with the others. */
  check?: () => Promise<unknown>
  tag?: string | undefined
  push: boolean
  force: boolean
  /** With `none` only the application's own files become an image, which nothing but a rehearsal can run. */
  engine: EngineChoice
}

/** What `build --json` prints: the release, and what was done for it. The digest is null without a push alone. */
export type BuildResult = Omit<Release, 'digest'> & {
  account: string
  region: string
  digest: string | null
  /** Compressed, as ECR counts it; null when nothing was pushed. */
  sizeInBytes: number | null
  pushed: boolean
  skipped: boolean
}

/** Where an image goes, and what it is. */
type Job = { repository: Repository; region: string; content: Content; flags: BuildFlags; terminal: Terminal }

/**
 * Bundles the application, builds its image and pushes it to ECR under a tag made from its content. An image whose
 * tag is there already is not built again.
 * @throws CliError
 */
export function build(project: Project, settings: ImageSettings, flags: BuildFlags & { push: true }, terminal: Terminal): Promise<BuildResult & Release>
export function build(project: Project, settings: ImageSettings, flags: BuildFlags, terminal: Terminal): Promise<BuildResult>
export async function build(
  project: Project,
  { inputs }: ImageSettings,
  flags: BuildFlags,
  terminal: Terminal,
): Promise<BuildResult> {
  const { region, repository_name: name } = inputs
  choosePlatform(inputs, flags)
  if (flags.engine === 'none') requireRehearsal()
  const [identity, repository, content] = await terminal.step('Check account, repository and content', async () => {
    await requireAccount(inputs)
    return allOf([getIdentity(region), describeRepository(name, region), readContent(project, inputs, flags), Promise.resolve(flags.check?.())])
  })
  const commit = await describeSource(content, terminal)
  const { platform, version } = content
  const tag = flags.tag ?? content.tag
  const result = { account: identity.account, region, repository: repository.uri, tag, platform, version, commit }
  const job = { repository, region, content, flags, terminal }

  const existing = await findImage(name, content.tag, region)
  if (existing && !flags.force && (flags.push || !flags.tag)) return { ...result, ...(await reuse(job, existing)) }
  if (!flags.push) {
    await buildOnly(job)
    return { ...result, digest: null, sizeInBytes: null, pushed: false, skipped: false }
  }
  if (existing && repository.immutable) throw cannotRebuild(repository, content.tag)
  await refuseTakenTag(job)
  const pushed = await (flags.engine === 'none' ? writeAndPush(job) : buildAndPush(job, flags.engine))
  if (!pushed) return { ...result, ...(await reuse(job, await requireImage(job))) }
  const image = await requireImage(job)
  await nameImage(job, image.digest)
  return { ...result, ...describe(image), pushed: true, skipped: false }
}

function requireRehearsal(): void {
  if (process.env.AWS_ENDPOINT_URL?.startsWith('http://127.0.0.1:')) return
  throw new CliError('usage', 'Without a container engine an image can be made for a rehearsal only.', {
    fix: 'Name docker, podman or finch with --engine, or run `fargate-ctl rehearse`.',
  })
}

/** Says what a person should know about the files that are built. @returns the commit, null where it is not known */
async function describeSource(content: Content, terminal: Terminal): Promise<string | null> {
  const { context, dockerfile } = content.source
  const { commit, notes } = describeCommit(content, await readWorkTree(context, dockerfile))
  for (const note of notes) terminal.note(note)
  for (const name of findUnpinned(await readDockerfile(content.source), content.platform)) {
    terminal.warn(`${name} is not pinned by a digest: whether it has changed is unknown, and the tag does not tell.`)
  }
  return commit
}

/** The content is in ECR: all that may be left to do is to name it. */
async function reuse(job: Job, image: RegistryImage) {
  if (job.flags.push) await nameImage(job, image.digest)
  return { ...describe(image), pushed: false, skipped: true }
}

const describe = ({ digest, sizeInBytes }: RegistryImage) => ({ digest, sizeInBytes: sizeInBytes ?? null })

async function buildOnly({ repository, content, flags, terminal }: Job): Promise<void> {
  const { engine } = flags
  if (engine === 'none') return (await write(content, terminal)).remove()
  await buildWith(engine, { content, flags, terminal, repository, tags: [content.tag, flags.tag ?? content.tag] })
}

/** @returns false when somebody else has pushed this content meanwhile */
async function buildAndPush({ repository, region, content, flags, terminal }: Job, engine: Engine): Promise<boolean> {
  await buildWith(engine, { content, flags, terminal, repository, tags: [content.tag] })
  return terminal.step('Push to ECR', (say) => push(engine, repository, content.tag, region, say))
}

type LocalBuild = Pick<Job, 'content' | 'flags' | 'terminal' | 'repository'> & { tags: string[] }

async function buildWith(engine: Engine, { content, flags, terminal, repository, tags }: LocalBuild): Promise<void> {
  const { source, platform, buildArgs } = content
  const references = [...new Set(tags)].map((tag) => `${repository.uri}:${tag}`)
  await terminal.step('Build the image', async (say) => {
    await requireEngine(engine)
    await buildImage(engine, { source, references, platform, buildArgs, force: flags.force }, say)
  })
}

async function writeAndPush({ repository, region, content, terminal }: Job): Promise<boolean> {
  const image = await write(content, terminal)
  try {
    await terminal.step('Write the image to ECR', async () => {
      const { endpoint, username, password } = await getRegistryLogin(region)
      hideSecret(password)
      await image.push({ url: endpoint, name: repository.name, username, password }, content.tag)
    })
    return true
  } catch (error) {
    if (await isThereAlready(error, repository.name, content.tag, region)) return false
    throw error
  } finally {
    await image.remove()
  }
}

async function write(content: Content, terminal: Terminal) {
  const { writeImage } = await import('./write-image.ts')
  const image = await writeImage(content)
  if (image.unknownBase !== undefined) {
    terminal.warn(`Without a container engine nothing of ${image.unknownBase} is in the image: neither its files nor its entry point nor its variables.`)
  }
  return image
}

/** Before anything is built: a tag in an immutable repository can never be given to another image. */
async function refuseTakenTag({ repository, region, content, flags }: Job): Promise<void> {
  if (!flags.tag || flags.tag === content.tag || !repository.immutable) return
  const taken = await findImage(repository.name, flags.tag, region)
  if (taken) throw tagTaken(repository.name, flags.tag, taken)
}

/** Makes --tag name the image, too. */
async function nameImage({ repository, region, content, flags }: Job, digest: string): Promise<void> {
  if (flags.tag === undefined || flags.tag === content.tag) return
  const named = await findImage(repository.name, flags.tag, region)
  if (named?.digest === digest) return
  if (named && repository.immutable) throw tagTaken(repository.name, flags.tag, named)
  try {
    await addTag(repository.name, digest, flags.tag, region)
  } catch (error) {
    // Somebody may have given it this very name meanwhile.
    if ((await findImage(repository.name, flags.tag, region))?.digest !== digest) throw error
  }
}

function cannotRebuild({ name }: Repository, tag: string): CliError {
  return new CliError('usage', `--force cannot replace ${name}:${tag}: this content is in ECR already, and the repository's tags are immutable.`, {
    fix: `Leave --force out to use that image. To build it anew, change what it is built from (a newer base image's digest, say), or delete it where nothing runs it: \`aws ecr batch-delete-image --repository-name ${name} --image-ids imageTag=${tag}\`.`,
  })
}

/** @returns false when ECR has the tag and does not let it move: somebody was quicker with the same content */
async function push(engine: Engine, repository: Repository, tag: string, region: string, say: Say): Promise<boolean> {
  const login = await getRegistryLogin(region)
  hideSecret(login.password)
  try {
    await pushOrSend(engine, repository, tag, login, say)
    return true
  } catch (error) {
    if (await isThereAlready(error, repository.name, tag, region)) return false
    throw error
  }
}

/** The registry of a rehearsal is on this machine's loopback, which an engine in a virtual or another machine does not reach. */
async function pushOrSend(engine: Engine, { name, uri }: Repository, tag: string, login: RegistryLogin, say: Say): Promise<void> {
  const session = await openRegistrySession(engine, login).catch((error: unknown) => {
    throwIfInterrupted()
    if (!(error instanceof CliError) || !isOnLoopback(login.endpoint) || !unreached.test(describeCause(error.cause) ?? '')) throw error
    return undefined
  })
  if (session) return pushImage(engine, `${uri}:${tag}`, session, say).finally(() => session.close())
  say(`${engine} does not reach ${login.endpoint}: the image is sent from here`)
  const { sendImage } = await import('./send-image.ts')
  await sendImage(engine, `${uri}:${tag}`, { url: login.endpoint, name, username: login.username, password: login.password }, tag)
}

/** As docker and podman word it when nobody answers at an address. */
const unreached = /connection refused|no route to host|unreachable|i\/o timeout|\bEOF\b/i

const isOnLoopback = (endpoint: string) => new URL(endpoint).hostname === '127.0.0.1'

/** Whether a push was refused because somebody was quicker with the same content. */
async function isThereAlready(error: unknown, repository: string, tag: string, region: string): Promise<boolean> {
  const { message, cause } = error as Error
  return /immutable/i.test(`${message} ${String(cause)}`) && (await findImage(repository, tag, region)) !== undefined
}

async function requireImage({ repository, region, content: { tag } }: Job): Promise<RegistryImage> {
  const image = await findImage(repository.name, tag, region)
  if (!image) throw new CliError('unavailable', `The push ended well, but ECR has no ${repository.name}:${tag}.`, { fix: 'Run the build again.' })
  return image
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { addTag, describeRepository, findImage, getRegistryLogin, type RegistryImage, type Repository } from '../aws/ecr.ts'
import { getIdentity } from '../aws/sts.ts'
import type { Settings } from '../config/settings.ts'
import { CliError } from '../errors.ts'
import type { Project } from '../project.ts'
import { hideSecret } from '../terminal/secrets.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { buildImage, openRegistrySession, pushImage, requireEngine, type Engine, type EngineChoice } from '../tools/engine.ts'
import { readWorkTree, type WorkTree } from '../tools/git.ts'
import { readManifest, runScript } from '../tools/node.ts'
import { hashContext, listContext } from './content-hash.ts'
import type { ImageSource } from './write-image.ts'

export type BuildFlags = {
  tag?: string | undefined
  platform?: string | undefined
  push: boolean
  force: boolean
  /** With `none` only the application's own files become an image, which nothing but a rehearsal can run. */
  engine: EngineChoice
}

/** What `build --json` prints. */
export type BuildResult = {
  account: string
  region: string
  repository: string
  tag: string
  digest: string | null
  /** Compressed, as ECR counts it; null when nothing was pushed. */
  sizeInBytes: number | null
  platform: string
  pushed: boolean
  skipped: boolean
}

/** Build arguments that change what is in the image, and so its tag; they come from the environment alone. */
const baseImage = () => process.env.FARGATE_CTL_BASE_IMAGE

/**
 * Bundles the application, builds its image and pushes it to ECR under a tag made from its content. An image whose
 * tag is there already is not built again.
 * @throws CliError
 */
export async function build(
  project: Project,
  settings: Settings,
  flags: BuildFlags,
  terminal: Terminal,
): Promise<BuildResult> {
  const { region, repository_name: name } = settings.inputs
  requireDockerfile(project)
  if (flags.engine === 'none') requireRehearsal()
  const platform = flags.platform ?? defaultPlatform(settings)
  const [identity, repository, contentTag, workTree] = await terminal.step('Check account, repository and content', () =>
    Promise.all([
      getIdentity(region),
      describeRepository(name, region),
      bundleAndHash(project, platform),
      readWorkTree(project.application),
    ]),
  )
  await nameUncommittedFiles(project, workTree, terminal)
  const tag = flags.tag ?? contentTag
  const result = { account: identity.account, region, repository: repository.uri, tag, platform }

  const existing = flags.force ? undefined : await findImage(name, contentTag, region)
  if (existing) {
    await nameImage(repository, existing.digest, contentTag, tag, region)
    return { ...result, ...inRegistry(existing), pushed: false, skipped: true }
  }
  await refuseTakenTag(repository, flags, contentTag, region)
  const source = { context: project.application, tag: contentTag, platform, buildArgs: await describeBuild(project, workTree) }
  const { engine } = flags
  if (engine !== 'none') {
    await terminal.step('Build the image', async (say) => {
      await requireEngine(engine)
      await buildImage(engine, { ...source, reference: `${repository.uri}:${contentTag}`, force: flags.force }, say)
    })
    if (!flags.push) return { ...result, tag: contentTag, digest: null, sizeInBytes: null, pushed: false, skipped: false }
  }
  const image = await (engine === 'none'
    ? terminal.step('Write the image to ECR', () => write(repository, source, region))
    : terminal.step('Push to ECR', (say) => push(engine, repository, contentTag, region, say)))
  await nameImage(repository, image.digest, contentTag, tag, region)
  return { ...result, ...inRegistry(image), pushed: true, skipped: false }
}

function requireDockerfile({ application }: Project): void {
  if (existsSync(join(application, 'Dockerfile'))) return
  throw new CliError('usage', `There is no Dockerfile in ${application}.`, { fix: 'Put the app and its Dockerfile into application/.' })
}

function requireRehearsal(): void {
  if (process.env.AWS_ENDPOINT_URL?.startsWith('http://127.0.0.1:')) return
  throw new CliError('usage', 'Without a container engine an image can be made for a rehearsal only.', {
    fix: 'Name docker, podman or finch with --engine, or run `fargate-ctl rehearse`.',
  })
}

const inRegistry = ({ digest, sizeInBytes }: RegistryImage) => ({ digest, sizeInBytes: sizeInBytes ?? null })

/** The tag that the application's files have now, without asking AWS anything. */
export async function contentTagOf(project: Project, settings: Settings): Promise<string> {
  requireDockerfile(project)
  return bundleAndHash(project, defaultPlatform(settings))
}

async function bundleAndHash(project: Project, platform: string): Promise<string> {
  const manifest = await readManifest(project.application)
  if (manifest.scripts?.bundle) await runScript(project.application, 'bundle')
  const files = await listContext(project.application)
  return hashContext(project.application, files, { platform, BASE_IMAGE: baseImage() ?? '' })
}

/** The platform of the task definition's runtime_platform, so that image and task can't be of different kinds. */
function defaultPlatform({ inputs }: Settings): string {
  return inputs.cpu_architecture === 'ARM64' ? 'linux/arm64' : 'linux/amd64'
}

async function describeBuild(project: Project, workTree: WorkTree | undefined): Promise<Record<string, string>> {
  const { version = '0.0.0' } = await readManifest(project.application)
  const base = baseImage()
  return {
    APP_VERSION: version,
    IMAGE_COMMIT: workTree ? workTree.commit + (workTree.uncommitted.length > 0 ? '-dirty' : '') : 'unknown',
    IMAGE_CREATED: workTree?.committedAt ?? '',
    ...(base ? { BASE_IMAGE: base } : {}),
  }
}

async function nameUncommittedFiles(project: Project, workTree: WorkTree | undefined, terminal: Terminal): Promise<void> {
  if (!workTree) return
  const context = new Set(await listContext(project.application))
  const made = (path: string) => path.startsWith('dist/')
  const hidden = [...context].filter((path) => !made(path) && workTree.ignored.some((entry) => covers(entry, path)))
  const uncommitted = workTree.uncommitted.filter((path) => !path.startsWith('test/'))
  if (uncommitted.length > 0) terminal.note(`Not committed, but in this build: ${shorten(uncommitted)}`)
  if (hidden.length > 0) terminal.note(`Ignored by git, but in this build: ${shorten(hidden)}`)
}

const covers = (entry: string, path: string) => (entry.endsWith('/') ? path.startsWith(entry) : path === entry)

function shorten(paths: string[]): string {
  const shown = paths.slice(0, 8).join(', ')
  return paths.length > 8 ? `${shown} and ${paths.length - 8} more` : shown
}

/** Before anything is built: a tag in an immutable repository can never be given to another image. */
async function refuseTakenTag(repository: Repository, flags: BuildFlags, contentTag: string, region: string): Promise<void> {
  if (!flags.tag || flags.tag === contentTag || !repository.immutable || !flags.push) return
  const taken = await findImage(repository.name, flags.tag, region)
  if (taken) throw tagTaken(repository, flags.tag, taken.digest)
}

/** Makes `tag` name the image that `contentTag` names. */
async function nameImage(repository: Repository, digest: string, contentTag: string, tag: string, region: string) {
  if (tag === contentTag) return
  const named = await findImage(repository.name, tag, region)
  if (named?.digest === digest) return
  if (named && repository.immutable) throw tagTaken(repository, tag, named.digest)
  await addTag(repository.name, digest, tag, region)
}

function tagTaken(repository: Repository, tag: string, digest: string): CliError {
  return new CliError('usage', `The tag ${tag} already names another image (${digest}) in ${repository.name}, whose tags are immutable.`, {
    fix: 'Choose another --tag, or leave it out: the tag is then made from the content and never collides.',
  })
}

async function push(
  engine: Engine,
  repository: Repository,
  tag: string,
  region: string,
  say: (line: string) => void,
): Promise<RegistryImage> {
  const login = await getRegistryLogin(region)
  hideSecret(login.password)
  const session = await openRegistrySession(engine, login)
  try {
    await pushImage(engine, `${repository.uri}:${tag}`, session, say)
  } catch (error) {
    // A forced rebuild of the same content in an immutable repository: what is there is not what was built.
    const there = /immutable/i.test(String((error as Error).cause)) ? await findImage(repository.name, tag, region) : undefined
    throw there ? tagTaken(repository, tag, there.digest) : error
  } finally {
    await session.close()
  }
  return requireImage(repository, tag, region)
}

async function write(repository: Repository, source: ImageSource, region: string): Promise<RegistryImage> {
  const { writeImage } = await import('./write-image.ts')
  const { endpoint, username, password } = await getRegistryLogin(region)
  hideSecret(password)
  await writeImage({ url: endpoint, name: repository.name, username, password }, source)
  return requireImage(repository, source.tag, region)
}

async function requireImage(repository: Repository, tag: string, region: string): Promise<RegistryImage> {
  const image = await findImage(repository.name, tag, region)
  if (!image) throw new CliError('unavailable', `The push ended well, but ECR has no ${repository.name}:${tag}.`, { fix: 'Run the build again.' })
  return image
}

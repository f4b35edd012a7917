import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { CliError, describeCause } from '../platform/errors.ts'
import { interruption, throwIfInterrupted } from '../platform/interrupts.ts'
import { ProgramError, run, type RunOptions } from '../platform/run.ts'
import { makeTemporaryFolder } from '../platform/temporary-folder.ts'
import type { BuildSource } from './build-context.ts'

export const engineNames = ['docker', 'podman', 'finch'] as const
export const engineNameSchema = z.enum(engineNames)
/** Programs that share docker's command line. */
export type Engine = z.infer<typeof engineNameSchema>
/** Without one, a rehearsal runs tasks as processes. */
export type EngineChoice = Engine | 'none'

export type BuildOptions = {
  source: BuildSource
  /** Names that the image gets, with their tags. */
  references: string[]
  platform: string
  buildArgs: Record<string, string>
  force: boolean
}

/** The environment in which an engine finds its daemon and the login for a registry, and nothing of the user's own logins. */
export type RegistrySession = { env: Record<string, string>; folder: string; close(): Promise<void> }

const patience: RunOptions = { killAfterSeconds: 10 }

/** Arguments of `docker build`; all of them are understood by docker, podman and finch. */
function buildArguments({ source, references, platform, buildArgs, force }: BuildOptions, idFile: string): string[] {
  const names = references.flatMap((reference) => ['--tag', reference])
  const args = Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])
  const cache = force ? ['--no-cache'] : []
  return ['--platform', platform, ...names, '--iidfile', idFile, ...cache, ...args, '--file', source.dockerfile, source.context]
}

/**
 * Makes sure that an engine answers: a client alone proves nothing.
 * @throws CliError `unavailable`
 */
export async function requireEngine(engine: Engine): Promise<string> {
  const answer = await run(engine, versionArguments(engine), { accept: 'any', timeoutSeconds: 30 })
  const version = answer.stdout.trim()
  if (answer.exitCode === 0 && /^v?\d/.test(version)) return version
  throw new CliError('unavailable', `${engine} is installed, but no ${engine} engine answers.`, {
    fix: 'Start it (Docker Desktop, `colima start`, `systemctl start docker`, `podman machine start`), or name another with --engine.',
    cause: answer.stderr.trim().split('\n').at(-1),
  })
}

/** finch is nerdctl, which lists its server's components instead of one version. */
function versionArguments(engine: Engine): string[] {
  return engine === 'finch' ? ['info', '--format', '{{.ServerVersion}}'] : ['version', '--format', '{{.Server.Version}}']
}

/**
 * Builds an image and makes sure that the engine has it, for the platform that was asked for.
 * @throws CliError
 */
export async function buildImage(engine: Engine, options: BuildOptions, onLine: (line: string) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fargate-ctl-build-'))
  const idFile = join(folder, 'id')
  // BuildKit's attestations change the digest from run to run.
  const env = { BUILDX_NO_DEFAULT_ATTESTATIONS: '1' }
  const build = (...flags: string[]) => run(engine, ['build', ...flags, ...buildArguments(options, idFile)], { ...patience, env, onLine })
  try {
    await explainBuild(build())
    const platform = (await readPlatform(engine, idFile)) ?? (await loadAndRead(engine, idFile, () => build('--load')))
    if (platform !== options.platform) throw wrongPlatform(engine, platform, options.platform)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** @returns undefined when the engine has no such image */
async function readPlatform(engine: Engine, idFile: string): Promise<string | undefined> {
  const id = await readFile(idFile, 'utf8').catch(() => '')
  if (id === '') return undefined
  const { exitCode, stdout } = await run(engine, ['image', 'inspect', '--format', '{{.Os}}/{{.Architecture}}', id.trim()], { accept: 'any' })
  return exitCode === 0 ? stdout.trim() : undefined
}

/** A builder in a container keeps what it builds to itself until it is told otherwise. */
async function loadAndRead(engine: Engine, idFile: string, buildAndLoad: () => Promise<unknown>): Promise<string> {
  let cause: unknown
  try {
    await buildAndLoad()
    const platform = await readPlatform(engine, idFile)
    if (platform !== undefined) return platform
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error
    cause = error.cause
  }
  const builder = process.env.BUILDX_BUILDER ? `the builder ${process.env.BUILDX_BUILDER} (BUILDX_BUILDER)` : 'the builder in use'
  throw new CliError('unavailable', `${engine} build ended well, but the ${engine} engine has no such image: ${builder} keeps it to itself.`, {
    fix: 'Build with the engine\'s own builder: `BUILDX_BUILDER=default fargate-ctl build`; `docker buildx ls` shows them all.',
    cause,
  })
}

function wrongPlatform(engine: Engine, is: string, asked: string): CliError {
  return new CliError('unavailable', `${engine} made an image for ${is}, not for ${asked}.`, {
    fix: `Its cache or the base image it has is for ${is}: add --force, after \`${engine} pull --platform ${asked} <base image>\`. Docker's old builder takes no platform for FROM scratch: install docker-buildx.`,
  })
}

/** The old builder's farewell stands before what went wrong. */
async function explainBuild(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error
    const cause = describeCause(error.cause)?.replace(/^DEPRECATED: The legacy builder[\s\S]*?buildx\/\s*/, '')
    throw new CliError('unavailable', error.message, { fix: 'Read the cause; --verbose shows everything the builder says.', cause })
  }
}

export async function pushImage(
  engine: Engine,
  reference: string,
  session: RegistrySession,
  onLine: (line: string) => void,
): Promise<void> {
  const insecure = engine === 'podman' && reference.startsWith('127.') ? ['--tls-verify=false'] : []
  await retryWhileBusy(`push ${reference}`, () => run(engine, ['push', ...insecure, reference], { ...patience, env: session.env, endWithUs: { removing: session.folder }, onLine }))
}

/** What a registry's refusals mean, as docker and podman word them. */
const refusals: [RegExp, string][] = [
  [/\b429\b|toomanyrequests|rate exceeded/i, 'ECR asks for patience: wait a minute and run the same command again.'],
  [/signature (?:has )?expired|not yet current/i, 'The clock of this machine is wrong: set it (`timedatectl set-ntp true`) and run the same command again.'],
  [/\b403\b|forbidden|not authorized|denied: user/i, 'Ask for the permissions to push to this repository (ecr:PutImage, ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload, ecr:BatchCheckLayerAvailability).'],
  [/\b401\b|unauthorized|no basic auth|token has expired/i, 'ECR did not take the login: check the credentials with `aws sts get-caller-identity` and run the same command again.'],
]

/** Answers of a registry that has too much to do, or of what stands before it, and connections that break off. */
const busy = /\b(?:429|50[0234])\b|toomanyrequests|rate exceeded|internal server error|bad gateway|service unavailable|i\/o timeout|handshake timeout|timeout awaiting|deadline exceeded|connection reset|broken pipe|unexpected EOF/i

/** Tries again after 1, 2 and 4 s while the registry is busy. @throws CliError that says what a refusal means */
async function retryWhileBusy(doing: string, work: () => Promise<unknown>, delays = [1, 2, 4]): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error
    const said = describeCause(error.cause) ?? ''
    const [delay, ...later] = delays
    if (delay !== undefined && busy.test(said)) {
      await sleep(delay * 1000, undefined, { signal: interruption }).catch(throwIfInterrupted)
      return retryWhileBusy(doing, work, later)
    }
    const fix = refusals.find(([words]) => words.test(said))?.[1] ?? 'Read the cause and run the same command again; layers that arrived are not sent twice.'
    throw new CliError('unavailable', `Could not ${doing}.`, { fix, cause: said || error.message })
  }
}

/**
 * Logs in with a configuration folder of its own, so that the token never reaches the user's; the password goes
 * through standard input. `close` removes the folder.
 */
export async function openRegistrySession(
  engine: Engine,
  login: { endpoint: string; username: string; password: string },
): Promise<RegistrySession> {
  const { path: folder, remove: close } = await makeTemporaryFolder('login')
  try {
    const env = { ...(await daemonAddress(engine)), DOCKER_CONFIG: folder, REGISTRY_AUTH_FILE: join(folder, 'auth.json') }
    const insecure = engine === 'podman' && login.endpoint.startsWith('http:') ? ['--tls-verify=false'] : []
    const args = ['login', ...insecure, '--username', login.username, '--password-stdin', registryAddress(engine, login.endpoint)]
    await retryWhileBusy(`log in at ${login.endpoint}`, () => run(engine, args, { ...patience, env, endWithUs: { removing: folder }, input: login.password }))
    return { env, folder, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** podman takes a bare host where docker takes the endpoint as ECR gives it. */
function registryAddress(engine: Engine, endpoint: string): string {
  return engine === 'podman' ? endpoint.replace(/^https?:\/\//, '') : endpoint
}

const contextsSchema = z.tuple([
  z.object({
    Endpoints: z.object({ docker: z.object({ Host: z.string(), SkipTLSVerify: z.boolean().default(false) }) }),
    TLSMaterial: z.object({ docker: z.array(z.string()).optional() }).nullish(),
    Storage: z.object({ TLSPath: z.string() }),
  }),
])

/** With another DOCKER_CONFIG docker forgets the current context, where Docker Desktop or colima listens, and the certificates beside it. */
async function daemonAddress(engine: Engine): Promise<Record<string, string>> {
  if (engine !== 'docker') return {}
  const { DOCKER_CERT_PATH, DOCKER_CONFIG, DOCKER_HOST, DOCKER_TLS, DOCKER_TLS_VERIFY } = process.env
  if (DOCKER_HOST) {
    const speaksTls = Boolean(DOCKER_TLS_VERIFY || DOCKER_TLS)
    return speaksTls && !DOCKER_CERT_PATH ? { DOCKER_CERT_PATH: DOCKER_CONFIG || join(homedir(), '.docker') } : {}
  }
  const { exitCode, stdout } = await run('docker', ['context', 'inspect'], { accept: 'any' })
  return exitCode === 0 && stdout !== '' ? contextVariables(contextsSchema.parse(JSON.parse(stdout))[0]) : {}
}

function contextVariables({ Endpoints, TLSMaterial, Storage }: z.infer<typeof contextsSchema>[0]): Record<string, string> {
  const { Host, SkipTLSVerify } = Endpoints.docker
  if ((TLSMaterial?.docker ?? []).length === 0) return { DOCKER_HOST: Host }
  return { DOCKER_HOST: Host, DOCKER_CERT_PATH: join(Storage.TLSPath, 'docker'), [SkipTLSVerify ? 'DOCKER_TLS' : 'DOCKER_TLS_VERIFY']: '1' }
}

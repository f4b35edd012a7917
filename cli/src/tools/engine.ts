import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { CliError, describeCause } from '../errors.ts'
import { ProgramError, run, type RunOptions } from './run.ts'

export const engineNames = ['docker', 'podman', 'finch'] as const
export const engineNameSchema = z.enum(engineNames)
/** Programs that share docker's command line. */
export type Engine = z.infer<typeof engineNameSchema>
/** Without one, a rehearsal runs tasks as processes. */
export type EngineChoice = Engine | 'none'

export type BuildOptions = {
  context: string
  reference: string
  platform: string
  buildArgs: Record<string, string>
  force: boolean
}

/** The environment in which an engine finds its daemon and the login for a registry, and nothing of the user's own logins. */
export type RegistrySession = { env: Record<string, string>; close(): Promise<void> }

const patience: RunOptions = { killAfterSeconds: 10 }

/** Arguments of `docker build`; all of them are understood by docker, podman and finch. */
export function buildArguments({ context, reference, platform, buildArgs, force }: BuildOptions): string[] {
  const args = Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])
  return ['build', '--platform', platform, '--tag', reference, ...(force ? ['--no-cache'] : []), ...args, context]
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

/** Builds an image; BuildKit's attestations are off because they change the digest from run to run. */
export async function buildImage(engine: Engine, options: BuildOptions, onLine: (line: string) => void): Promise<void> {
  const env = { BUILDX_NO_DEFAULT_ATTESTATIONS: '1' }
  await run(engine, buildArguments(options), { ...patience, env, onLine })
}

export async function pushImage(
  engine: Engine,
  reference: string,
  session: RegistrySession,
  onLine: (line: string) => void,
): Promise<void> {
  const insecure = engine === 'podman' && reference.startsWith('127.') ? ['--tls-verify=false'] : []
  await explainRefusal(`push ${reference}`, run(engine, ['push', ...insecure, reference], { ...patience, env: session.env, onLine }))
}

/** What a registry's refusals mean, as docker and podman word them. */
const refusals: [RegExp, string][] = [
  [/\b429\b|toomanyrequests|rate exceeded/i, 'ECR asks for patience: wait a minute and run the same command again.'],
  [/\b403\b|forbidden|not authorized|denied: user/i, 'Ask for the permissions to push to this repository (ecr:PutImage, ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload, ecr:BatchCheckLayerAvailability).'],
  [/\b401\b|unauthorized|no basic auth|token has expired/i, 'ECR did not take the login: check the credentials with `aws sts get-caller-identity` and run the same command again.'],
]

async function explainRefusal(doing: string, work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error
    const said = describeCause(error.cause) ?? ''
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
  const folder = await mkdtemp(join(tmpdir(), 'fargate-ctl-login-'))
  const close = () => rm(folder, { recursive: true, force: true })
  try {
    const env = { ...(await daemonAddress(engine)), DOCKER_CONFIG: folder, REGISTRY_AUTH_FILE: join(folder, 'auth.json') }
    const insecure = engine === 'podman' && login.endpoint.startsWith('http:') ? ['--tls-verify=false'] : []
    const args = ['login', ...insecure, '--username', login.username, '--password-stdin', registryAddress(engine, login.endpoint)]
    await explainRefusal(`log in at ${login.endpoint}`, run(engine, args, { ...patience, env, input: login.password }))
    return { env, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** podman takes a bare host where docker takes the endpoint as ECR gives it. */
function registryAddress(engine: Engine, endpoint: string): string {
  return engine === 'podman' ? endpoint.replace(/^https?:\/\//, '') : endpoint
}

/** With another DOCKER_CONFIG docker forgets the current context, and with it where Docker Desktop or colima listens. */
async function daemonAddress(engine: Engine): Promise<Record<string, string>> {
  if (engine !== 'docker' || process.env.DOCKER_HOST) return {}
  const context = await run('docker', ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'], { accept: 'any' })
  const host = context.stdout.trim()
  return context.exitCode === 0 && host ? { DOCKER_HOST: host } : {}
}

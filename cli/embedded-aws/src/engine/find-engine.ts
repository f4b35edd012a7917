import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { z } from 'zod'
import { UserError } from '../user-error.ts'
import type { EngineAddress, EngineName } from './address.ts'
import { createEngineApi } from './engine-api.ts'
import { findPodman, hasPodman } from './podman.ts'

/**
 * The container engine to run tasks with: the one that was asked for, else that of DOCKER_HOST, else the first of docker
 * and podman that answers.
 * @param stateDir where a service of podman is noted that had to be started for it
 * @throws UserError when none answers
 */
export async function findEngine(asked: EngineName | undefined, env: NodeJS.ProcessEnv, stateDir: string): Promise<EngineAddress> {
  const tried: string[] = []
  for (const find of candidates(asked, env, stateDir)) {
    const engine = await find()
    const trouble = await findTrouble(engine)
    if (trouble === undefined) return engine
    tried.push(`${engine.host}: ${trouble}`)
  }
  throw new UserError('No container engine answers.', {
    fix: 'Start one (Docker Desktop, `colima start`, `systemctl start docker`, `podman machine start`), name another with --engine, or do without: --engine none.',
    cause: tried.join('\n  '),
  })
}

function candidates(asked: EngineName | undefined, env: NodeJS.ProcessEnv, stateDir: string): (() => Promise<EngineAddress>)[] {
  const docker = () => findDocker(env)
  const podman = () => findPodman(env, stateDir)
  if (asked) return [asked === 'podman' ? podman : docker]
  return env.DOCKER_HOST || !hasPodman(env) ? [docker] : [docker, podman]
}

/** As docker's own command line finds it: DOCKER_HOST with its TLS variables, else the current context. */
export async function findDocker(env: NodeJS.ProcessEnv): Promise<EngineAddress> {
  if (env.DOCKER_HOST) return { host: env.DOCKER_HOST, ...tlsOfVariables(env) }
  const { stdout } = await execa('docker', ['context', 'inspect'], { env, extendEnv: false, reject: false })
  const read = contextsSchema.safeParse(parse(stdout ?? ''))
  return read.success ? ofContext(read.data[0]) : { host: 'unix:///var/run/docker.sock' }
}

/** https://docs.docker.com/reference/cli/docker/#environment-variables */
function tlsOfVariables(env: NodeJS.ProcessEnv): Pick<EngineAddress, 'tls'> {
  if (!env.DOCKER_TLS_VERIFY && !env.DOCKER_TLS) return {}
  const folder = env.DOCKER_CERT_PATH || env.DOCKER_CONFIG || join(homedir(), '.docker')
  return { tls: { folder, verify: Boolean(env.DOCKER_TLS_VERIFY) } }
}

const contextsSchema = z.tuple([
  z.object({
    Endpoints: z.object({ docker: z.object({ Host: z.string(), SkipTLSVerify: z.boolean().default(false) }) }),
    TLSMaterial: z.object({ docker: z.array(z.string()).optional() }).nullish(),
    Storage: z.object({ TLSPath: z.string() }),
  }),
])

function ofContext({ Endpoints, TLSMaterial, Storage }: z.infer<typeof contextsSchema>[0]): EngineAddress {
  const { Host, SkipTLSVerify } = Endpoints.docker
  const speaksTls = (TLSMaterial?.docker ?? []).length > 0 || SkipTLSVerify
  return { host: Host, ...(speaksTls && { tls: { folder: join(Storage.TLSPath, 'docker'), verify: !SkipTLSVerify } }) }
}

/** @returns why it does not answer, undefined when it does. @throws UserError for an address that cannot be talked to */
async function findTrouble(engine: EngineAddress): Promise<string | undefined> {
  const path = engine.host.replace('unix://', '')
  if (path !== engine.host && !existsSync(path)) return 'there is no such socket'
  const api = await createEngineApi(engine)
  try {
    await api.call('GET', '/_ping')
    return undefined
  } catch (error) {
    return (error as Error).message
  } finally {
    api.close()
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

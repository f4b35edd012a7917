import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, closeSync, constants, existsSync, openSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { z } from 'zod'
import { endProcess, isAlive, knowProcess, processSchema } from '../daemon/processes.ts'
import { readJson, writeJson } from '../files.ts'
import { UserError } from '../user-error.ts'
import type { EngineAddress } from './address.ts'

const startSeconds = 20
const endSeconds = 10

/** The service that was started here. */
const serviceSchema = z.object({ version: z.literal(1), process: processSchema, socket: z.string() })
type Service = z.infer<typeof serviceSchema>
const serviceFile = (stateDir: string) => join(stateDir, 'podman.json')

export function hasPodman({ PATH = '' }: NodeJS.ProcessEnv): boolean {
  return PATH.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, 'podman'), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/**
 * Where podman's API is: CONTAINER_HOST, else the socket of its virtual machine, else, since podman has no daemon, a
 * service that is started for the embedded AWS below `stateDir` and ends with it.
 * @throws UserError
 */
export async function findPodman(env: NodeJS.ProcessEnv, stateDir: string): Promise<EngineAddress> {
  if (env.CONTAINER_HOST) return { host: env.CONTAINER_HOST }
  const machine = process.platform === 'linux' ? undefined : await findMachine(env)
  if (machine) return { host: `unix://${machine}` }
  const { socket, process: { pid } } = await ensureService(env, stateDir)
  return { host: `unix://${socket}`, podman: pid }
}

/** https://docs.podman.io/en/latest/markdown/podman-machine-inspect.1.html */
async function findMachine(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const args = ['machine', 'inspect', '--format', '{{.ConnectionInfo.PodmanSocket.Path}}']
  const { stdout } = await execa('podman', args, { env, extendEnv: false, reject: false })
  return stdout?.trim().split('\n')[0] || undefined
}

async function ensureService(env: NodeJS.ProcessEnv, stateDir: string): Promise<Service> {
  const known = readService(stateDir)
  if (known && isAlive(known.process) && (await answers(known.socket))) return known
  await endPodman(stateDir)
  return startService(env, stateDir)
}

/** https://docs.podman.io/en/latest/markdown/podman-system-service.1.html */
async function startService(env: NodeJS.ProcessEnv, stateDir: string): Promise<Service> {
  if (!hasPodman(env)) throw new UserError('podman is not installed, or not on PATH.', { fix: 'Install podman, or name another engine with --engine.' })
  await mkdir(stateDir, { recursive: true, mode: 0o700 })
  const logFile = join(stateDir, 'podman.log')
  const log = openSync(logFile, 'a', 0o600)
  // The path of a socket may have some hundred characters only; mkdtemp's folder is its owner's alone.
  const socket = join(await mkdtemp(join(tmpdir(), 'embedded-aws-')), 'podman')
  const service = spawn('podman', ['system', 'service', '--time', '0', `unix://${socket}`], {
    // Its health checks are timers of systemd, which not every machine runs, nor every session.
    env: { ...env, DISABLE_HC_SYSTEMD: 'true' },
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  await once(service, 'spawn')
  service.unref()
  const noted: Service = { version: 1, process: knowProcess(service.pid as number), socket }
  await writeJson(serviceFile(stateDir), noted)
  const deadline = performance.now() + startSeconds * 1000
  while (performance.now() < deadline && service.exitCode === null) {
    if (await answers(socket)) return noted
    await sleep(50)
  }
  await endPodman(stateDir)
  throw new UserError("podman's API service did not start.", { fix: `Read ${logFile}.` })
}

/** Ends the service that was started here; none is fine. */
export async function endPodman(stateDir: string): Promise<void> {
  const service = readService(stateDir)
  if (!service) return
  await endProcess(service.process, endSeconds)
  await rm(dirname(service.socket), { recursive: true, force: true })
  await rm(serviceFile(stateDir), { force: true })
}

/** A file that another version wrote tells nothing. */
function readService(stateDir: string): Service | undefined {
  try {
    return readJson(serviceFile(stateDir), serviceSchema)
  } catch {
    return undefined
  }
}

function answers(path: string): Promise<boolean> {
  if (!existsSync(path)) return Promise.resolve(false)
  return new Promise((resolve) => {
    const socket = connect({ path }, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { endProcess, isAlive, knowProcess, processSchema } from './daemon/processes.ts'
import { readJson, writeJson } from './files.ts'

/** `socket`: where it listens. It lets anybody in, so it is a file in a folder that nobody else may enter. */
export type Ministack = { socket: string; pid: number; close: () => Promise<void> }

type Options = {
  /** The interpreter of the virtual environment that holds ministack. */
  python: string
  stateDir: string
  /** The gateway's port, which is in the URLs that ministack gives out. */
  port: number
}

const startSeconds = 60
/** How long it may take to save its state. */
const endSeconds = 30

const runningSchema = z.object({ version: z.literal(1), process: processSchema, socket: z.string() })
type Running = z.infer<typeof runningSchema>
const runningFile = (stateDir: string) => join(stateDir, 'running.json')

/**
 * Starts ministack and waits until it is healthy, or finds the one that a killed gateway left running. Its state lies
 * below `stateDir` and is read again at the next start; `close` waits until it is saved.
 * @throws Error when it ends or is not healthy within a minute
 */
export async function startMinistack(options: Options): Promise<Ministack> {
  const { stateDir } = options
  const running = (await findRunning(stateDir)) ?? (await start(options))
  await writeJson(runningFile(stateDir), running)
  return { socket: running.socket, pid: running.process.pid, close: () => endMinistack(stateDir, endSeconds) }
}

/** Ends the one below `stateDir`, also one that a killed gateway left behind; none is fine. */
export async function endMinistack(stateDir: string, seconds: number): Promise<void> {
  const running = read(stateDir)
  if (!running) return
  await endProcess(running.process, seconds)
  await rm(dirname(running.socket), { recursive: true, force: true })
  await rm(runningFile(stateDir), { force: true })
}

async function findRunning(stateDir: string): Promise<Running | undefined> {
  const running = read(stateDir)
  return running && isAlive(running.process) && (await isHealthy(running.socket)) ? running : undefined
}

/** A file that another version wrote tells nothing. */
function read(stateDir: string): Running | undefined {
  try {
    return readJson(runningFile(stateDir), runningSchema)
  } catch {
    return undefined
  }
}

async function start({ python, stateDir, port }: Options): Promise<Running> {
  const tmp = join(stateDir, 'tmp')
  await mkdir(tmp, { recursive: true })
  // The path of a socket may have some hundred characters only; mkdtemp's folder is its owner's alone.
  const socket = join(await mkdtemp(join(tmpdir(), 'embedded-aws-')), 'ministack')
  // A pipe would end with the gateway, and ministack with its next line.
  const log = openSync(join(stateDir, 'ministack.log'), 'a')
  const args = ['-m', 'hypercorn', 'ministack.app:app', '--bind', `unix:${socket}`, '--workers', '0', '--log-level', 'WARNING', '--keep-alive', '75']
  const child = spawn(python, args, {
    env: environment(stateDir, tmp, port),
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  await once(child, 'spawn')
  await waitUntilHealthy(socket, child)
  return { version: 1, process: knowProcess(child.pid as number), socket }
}

function environment(stateDir: string, tmp: string, port: number): NodeJS.ProcessEnv {
  // It takes settings, and Python modules, from variables of many names, of which none is meant for it.
  const kept = Object.entries(process.env).filter(([name]) => /^(PATH|HOME|USER|LANG|LC_.*|TZ)$/.test(name))
  return {
    ...Object.fromEntries(kept),
    GATEWAY_PORT: String(port),
    MINISTACK_HOST: '127.0.0.1',
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    PERSIST_STATE: '1',
    STATE_DIR: join(stateDir, 'state'),
    S3_PERSIST: '1',
    S3_DATA_DIR: join(stateDir, 's3'),
    TMPDIR: tmp,
    LOG_LEVEL: 'WARNING',
    // It runs no container here, so it must not look for any to remove.
    DOCKER_HOST: `unix://${join(stateDir, 'no-engine.sock')}`,
  }
}

async function waitUntilHealthy(socket: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + startSeconds * 1000
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`ministack ended with exit code ${child.exitCode} while starting`)
    if (await isHealthy(socket)) return
    await sleep(50)
  }
  child.kill('SIGKILL')
  throw new Error(`ministack was not healthy within ${startSeconds} s`)
}

/** Whether ministack answers there. */
export function isHealthy(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: '/_ministack/health', timeout: 3000 }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode === 200))
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', () => resolve(false))
    asked.end()
  })
}

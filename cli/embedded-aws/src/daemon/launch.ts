import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { ensureKeys } from '../access/keys.ts'
import { ensureCertificate } from '../elb/certificate.ts'
import { readJson, writeJson } from '../files.ts'
import { endMinistack } from '../ministack.ts'
import { healthPath } from '../own-api.ts'
import { ensurePython } from '../python.ts'
import type { EngineAddress, EngineName } from '../engine/address.ts'
import { findEngine } from '../engine/find-engine.ts'
import { endPodman } from '../engine/podman.ts'
import { UserError } from '../user-error.ts'
import { leaveEngine } from './leave-engine.ts'
import { withLock } from './lock.ts'
import { endProcess, isAlive } from './processes.ts'
import { daemonFileSchema, daemonMessageSchema, filesOf, settingsSchema, type DaemonFile, type DaemonOptions, type Settings } from './protocol.ts'

export type EmbeddedAws = { url: string; engine: EngineAddress | 'none'; startedNow: boolean }

export type StartOptions = {
  stateDir: string
  /** How many of AWS's seconds pass in one. */
  speed: number
  /** With none, tasks are processes of this machine. Default: docker or podman, whichever answers. */
  engine?: EngineName | 'none' | undefined
  /** One that has ministack. Default: one that is installed for it. */
  python?: string | undefined
  accounts?: string[] | undefined
  /** The name that HTTPS listeners have a certificate for. */
  domainName?: string | undefined
}

const portSchema = z.object({ port: z.number() })
const healthSchema = z.object({ instance: z.string(), healthy: z.boolean() })
/** How long one that is asked to end may take; its tasks end with it, which they may take 30 s for. */
const stopSeconds = 45

/**
 * Starts the embedded AWS below `stateDir`, or finds the one that runs there already; one that runs at another speed, for
 * other accounts, on another engine or with other code, or that has lost its ministack, is started anew.
 * @param say is told what takes time
 * @throws UserError
 */
export function ensureEmbeddedAws(options: StartOptions, say: (line: string) => void = () => undefined): Promise<EmbeddedAws> {
  const { stateDir } = options
  return withLock(filesOf(stateDir).lock, () => say(`Another command starts or stops the embedded AWS in ${stateDir}; waiting for it.`), () => ensure(options, say))
}

async function ensure(options: StartOptions, say: (line: string) => void): Promise<EmbeddedAws> {
  const { stateDir, speed, accounts = ['000000000000'], domainName } = options
  const entry = findEntry()
  const files = filesOf(stateDir)
  await chmod(stateDir, 0o700)
  const engine: Settings['engine'] = options.engine === 'none' ? 'none' : await findEngine(options.engine, process.env, stateDir)
  const wanted = { speed, accounts, engine, build: hashOf(entry) }
  await ensureKeys(files.keys, accounts)
  await ensureCertificate(stateDir, domainName)
  const running = await findRunning(stateDir)
  if (running?.healthy && isDeepStrictEqual(wanted, settingsSchema.parse(running))) return { url: running.url, engine, startedNow: false }
  await stopWhatRuns(stateDir, stopSeconds)
  await leaveEngine(stateDir, engine)
  const python = await ensurePython(options.python, say)
  const url = await startDaemon(entry, { stateDir, ...wanted, python, port: readJson(files.port, portSchema)?.port })
  await writeJson(files.port, { port: Number(new URL(url).port) })
  return { url, engine, startedNow: true }
}

/**
 * Stops what runs below `stateDir`, and waits until its state is saved. What does not end in time is ended by force, if
 * it is provably the one that was started here.
 * @returns whether one ran
 */
export async function stopEmbeddedAws(stateDir: string, seconds = stopSeconds): Promise<boolean> {
  const ran = await stopWhatRuns(stateDir, seconds)
  await endPodman(stateDir)
  return ran
}

/** As `stopEmbeddedAws`, but podman's service goes on. */
export async function stopWhatRuns(stateDir: string, seconds: number): Promise<boolean> {
  const files = filesOf(stateDir)
  const daemon = readDaemon(stateDir)
  const ran = daemon !== undefined && isAlive(daemon.process)
  if (ran) await endProcess(daemon.process, seconds)
  await endMinistack(files.ministack, seconds)
  return ran
}

/** One that answers at its address, by the name that only it has. */
export async function findRunning(stateDir: string): Promise<(DaemonFile & { healthy: boolean }) | undefined> {
  const daemon = readDaemon(stateDir)
  if (!daemon || !isAlive(daemon.process)) return undefined
  const health = await askHealth(daemon.url)
  return health?.instance === daemon.instance ? { ...daemon, healthy: health.healthy } : undefined
}

/** A file of another version is as good as none: what runs is told by its process. */
function readDaemon(stateDir: string): DaemonFile | undefined {
  try {
    return readJson(filesOf(stateDir).daemon, daemonFileSchema)
  } catch {
    return undefined
  }
}

async function askHealth(url: string): Promise<z.infer<typeof healthSchema> | undefined> {
  try {
    const answer = await fetch(new URL(healthPath, url), { signal: AbortSignal.timeout(5000) })
    return healthSchema.parse(await answer.json())
  } catch {
    return undefined
  }
}

/** Bundled, this file lies in dist/chunks/ or dist/; as source, beside the daemon. */
function findEntry(): string {
  const places = ['./daemon.ts', './daemon.js', '../daemon.js']
  const entry = places.map((path) => fileURLToPath(new URL(path, import.meta.url))).find((path) => existsSync(path))
  if (entry) return entry
  throw new Error('the daemon is not beside this file')
}

/** A bundled entry names its chunks by their hashes, so its own hash stands for all of them. */
const hashOf = (entry: string) => createHash('sha256').update(readFileSync(entry)).digest('hex')

function startDaemon(entry: string, options: DaemonOptions): Promise<string> {
  const { log: logFile } = filesOf(options.stateDir)
  const log = openSync(logFile, 'a', 0o600)
  const daemon = fork(entry, [JSON.stringify(options)], { env: environment(), detached: true, stdio: ['ignore', log, log, 'ipc'] })
  closeSync(log)
  return new Promise((resolve, reject) => {
    const fail = (cause: string) => reject(new UserError('The embedded AWS did not start.', { fix: `Read ${logFile}.`, cause }))
    daemon.once('exit', (code) => fail(`it ended with exit code ${code}`))
    daemon.once('message', (raw) => {
      const message = daemonMessageSchema.parse(raw)
      daemon.removeAllListeners('exit')
      daemon.disconnect()
      daemon.unref()
      if (message.kind === 'ready') resolve(message.url)
      else fail(message.reason)
    })
  })
}

/** Nothing that would lead its own calls, which stay on this machine, elsewhere. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS_.*|NODE_USE_ENV_PROXY)$/.test(name)))
}

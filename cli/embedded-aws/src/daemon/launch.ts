import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { ensureCertificate } from '../elb/certificate.ts'
import { isHealthy } from '../ministack.ts'
import { UserError } from '../user-error.ts'
import { endProcess, isAlive } from './processes.ts'
import { daemonFileSchema, daemonMessageSchema, filesOf, type DaemonFile, type DaemonOptions } from './protocol.ts'

export type EmbeddedAws = { url: string; startedNow: boolean }

type StartOptions = Omit<DaemonOptions, 'port' | 'build'> & {
  /** The name that HTTPS listeners have a certificate for. */
  domainName?: string | undefined
}

/**
 * Starts the embedded AWS below `stateDir`, or finds the one that runs there already; one that runs at another speed,
 * other tasks or other code, or that has lost its ministack, is started anew.
 * @throws UserError
 */
export async function ensureEmbeddedAws({ domainName, ...options }: StartOptions): Promise<EmbeddedAws> {
  const { stateDir } = options
  const entry = findEntry()
  const wanted = { speed: options.speed, tasksAre: options.tasksAre, build: hashOf(entry) }
  await mkdir(stateDir, { recursive: true })
  await ensureCertificate(stateDir, domainName)
  const running = await findRunning(stateDir)
  if (running && isDeepStrictEqual(wanted, pick(running)) && (await isHealthy(running.url))) return { url: running.url, startedNow: false }
  if (running) await stopEmbeddedAws(stateDir)
  const { port: portFile } = filesOf(stateDir)
  const port = Number(await readFile(portFile, 'utf8').catch(() => '')) || undefined
  const url = await startDaemon(entry, { ...options, ...wanted, port })
  await writeFile(portFile, new URL(url).port)
  return { url, startedNow: true }
}

/** Stops it and waits until its state is saved. @returns whether one ran */
export async function stopEmbeddedAws(stateDir: string): Promise<boolean> {
  const running = await findRunning(stateDir)
  if (!running) return false
  await endProcess(running.pid)
  return true
}

export async function findRunning(stateDir: string): Promise<DaemonFile | undefined> {
  const text = await readFile(filesOf(stateDir).daemon, 'utf8').catch(() => '{}')
  const daemon = daemonFileSchema.safeParse(JSON.parse(text)).data
  return daemon && isAlive(daemon.pid) && (await answers(daemon.url)) ? daemon : undefined
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

const pick = ({ speed, tasksAre, build }: DaemonFile) => ({ speed, tasksAre, build })

function startDaemon(entry: string, options: DaemonOptions): Promise<string> {
  const { log: logFile } = filesOf(options.stateDir)
  const log = openSync(logFile, 'a')
  const daemon = fork(entry, [JSON.stringify(options)], { detached: true, stdio: ['ignore', log, log, 'ipc'] })
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

async function answers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(3000) }).then(() => true, () => false)
}

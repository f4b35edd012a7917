import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { CliError } from '../platform/errors.ts'
import { daemonFileName, daemonFileSchema, daemonMessageSchema, type DaemonFile, type DaemonOptions } from './daemon-protocol.ts'
import { isHealthy } from './gateway/ministack.ts'
import { endProcess, isAlive } from './processes.ts'

export type EmbeddedAws = { url: string; startedNow: boolean }

const portFileName = 'port'

/**
 * Starts the embedded AWS below `stateDir`, or finds the one that runs there already; one that runs at another speed,
 * other tasks or other code, or that has lost its ministack, is started anew.
 * @throws CliError `unavailable`
 */
export async function ensureEmbeddedAws(options: Omit<DaemonOptions, 'port' | 'build'>): Promise<EmbeddedAws> {
  const entry = findEntry()
  const wanted = { speed: options.speed, tasksAre: options.tasksAre, build: hashOf(entry) }
  const running = await findRunning(options.stateDir)
  if (running && isDeepStrictEqual(wanted, pick(running)) && (await isHealthy(running.url))) return { url: running.url, startedNow: false }
  if (running) await stopEmbeddedAws(options.stateDir)
  if (!existsSync(options.python)) {
    throw new CliError('unavailable', 'The embedded AWS is not installed in this clone.', { fix: 'Run `npm run setup`.' })
  }
  await mkdir(options.stateDir, { recursive: true })
  const port = Number(await readFile(join(options.stateDir, portFileName), 'utf8').catch(() => '')) || undefined
  const url = await startDaemon(entry, { ...options, ...wanted, port })
  await writeFile(join(options.stateDir, portFileName), new URL(url).port)
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
  const text = await readFile(join(stateDir, daemonFileName), 'utf8').catch(() => '{}')
  const daemon = daemonFileSchema.safeParse(JSON.parse(text)).data
  return daemon && isAlive(daemon.pid) && (await answers(daemon.url)) ? daemon : undefined
}

/** The daemon's own log, for whoever wants to know more. */
export const daemonLog = (stateDir: string) => join(stateDir, 'daemon.log')

/** Bundled, this file lies in dist/chunks/ or dist/; as source, in src/rehearsal/. */
function findEntry(): string {
  const places = ['./daemon.ts', './rehearsal-daemon.js', '../rehearsal-daemon.js']
  const entry = places.map((path) => fileURLToPath(new URL(path, import.meta.url))).find((path) => existsSync(path))
  if (entry) return entry
  throw new Error('the rehearsal daemon is not beside this file')
}

/** A bundled entry names its chunks by their hashes, so its own hash stands for all of them. */
const hashOf = (entry: string) => createHash('sha256').update(readFileSync(entry)).digest('hex')

const pick = ({ speed, tasksAre, build }: DaemonFile) => ({ speed, tasksAre, build })

function startDaemon(entry: string, options: DaemonOptions): Promise<string> {
  const log = openSync(daemonLog(options.stateDir), 'a')
  const daemon = fork(entry, [JSON.stringify(options)], { detached: true, stdio: ['ignore', log, log, 'ipc'] })
  closeSync(log)
  return new Promise((resolve, reject) => {
    const fail = (reason: string) =>
      reject(new CliError('unavailable', 'The embedded AWS did not start.', { fix: `Read ${daemonLog(options.stateDir)}.`, cause: reason }))
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

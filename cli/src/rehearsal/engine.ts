import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CliError } from '../platform/errors.ts'
import { requireEngine, type Engine, type EngineChoice } from '../release/engine.ts'
import { run } from '../platform/run.ts'
import { endProcess, isAlive } from './processes.ts'

const startSeconds = 30

/**
 * The engine to rehearse with: the one that was asked for, else docker, else none.
 * @throws CliError `unavailable` when the one that was asked for does not answer
 */
export async function chooseEngine(asked: EngineChoice | undefined, scratch: string): Promise<{ engine: EngineChoice; version: string }> {
  if (asked === 'none') return { engine: 'none', version: '' }
  if (asked) return { engine: asked, version: await ensureEngine(asked, scratch) }
  try {
    return { engine: 'docker', version: await ensureEngine('docker', scratch) }
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    return { engine: 'none', version: '' }
  }
}

/**
 * Makes sure that a container engine answers; starts dockerd where it is installed and nobody has.
 * Its images stay below `scratch`, so that nothing outside the repository changes.
 * @returns the engine's version
 * @throws CliError `unavailable`
 */
export async function ensureEngine(engine: Engine, scratch: string): Promise<string> {
  try {
    return await requireEngine(engine)
  } catch (error) {
    if (engine !== 'docker' || process.env.DOCKER_HOST || !(await canStart())) throw error
    await startDockerd(scratch)
    return waitForEngine(scratch)
  }
}

/** Stops the engine that `ensureEngine` started, unless containers of somebody else still run in it. */
export async function stopOwnEngine(scratch: string): Promise<'stopped' | 'in use' | 'not ours'> {
  const pid = await readPid(scratch)
  if (pid === undefined || !isAlive(pid)) return 'not ours'
  const { stdout } = await run('docker', ['ps', '--quiet'], { accept: 'any' })
  if (stdout.trim() !== '') return 'in use'
  await endProcess(pid)
  await rm(pidFile(scratch), { force: true })
  return 'stopped'
}

const folder = (scratch: string) => join(scratch, 'engine')
const pidFile = (scratch: string) => join(folder(scratch), 'started.pid')
const logFile = (scratch: string) => join(folder(scratch), 'dockerd.log')

async function canStart(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false
  return run('dockerd', ['--version'], { accept: 'any' }).then(() => true, () => false)
}

async function startDockerd(scratch: string): Promise<void> {
  await mkdir(folder(scratch), { recursive: true })
  const log = openSync(logFile(scratch), 'a')
  const args = ['--data-root', join(folder(scratch), 'data')]
  const dockerd = spawn('dockerd', args, { detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  dockerd.unref()
  await writeFile(pidFile(scratch), String(dockerd.pid))
}

async function waitForEngine(scratch: string): Promise<string> {
  const deadline = performance.now() + startSeconds * 1000
  while (performance.now() < deadline) {
    const version = await requireEngine('docker').catch(() => undefined)
    if (version) return version
    await sleep(200)
  }
  throw new CliError('unavailable', `dockerd was started but does not answer after ${startSeconds} s.`, {
    fix: `Read ${logFile(scratch)}.`,
  })
}

async function readPid(scratch: string): Promise<number | undefined> {
  const text = await readFile(pidFile(scratch), 'utf8').catch(() => '')
  return text === '' ? undefined : Number(text)
}

import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CliError } from '../platform/errors.ts'
import { throwIfInterrupted } from '../platform/interrupts.ts'
import { requireEngine, type Engine, type EngineChoice } from '../release/engine.ts'
import { run } from '../platform/run.ts'

const startSeconds = 30
const endSeconds = 20

/** What runs the tasks of a rehearsal. */
export type TaskEngine = 'docker' | 'podman' | 'none'

/**
 * The engine to rehearse with: the one that was asked for, else docker, else podman, else none.
 * @throws CliError when the one that was asked for does not answer, or cannot run tasks
 */
export async function chooseEngine(asked: EngineChoice | undefined, scratch: string): Promise<{ engine: TaskEngine; version: string }> {
  if (asked === 'finch') {
    throw new CliError('usage', 'A rehearsal cannot run tasks with finch, which lacks the HTTP API of docker.', {
      fix: 'Name docker or podman with --engine, or none; `build` and `deploy` take finch.',
    })
  }
  if (asked) return { engine: asked, version: asked === 'none' ? '' : await ensureEngine(asked, scratch) }
  for (const engine of ['docker', 'podman'] as const) {
    try {
      return { engine, version: await ensureEngine(engine, scratch) }
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      throwIfInterrupted()
    }
  }
  return { engine: 'none', version: '' }
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
  if (pid === undefined || (await readRoot()) !== dataFolder(scratch)) return 'not ours'
  const { stdout } = await run('docker', ['ps', '--quiet'], { accept: 'any' })
  if (stdout.trim() !== '') return 'in use'
  process.kill(pid, 'SIGTERM')
  await waitForEnd(scratch)
  return 'stopped'
}

const folder = (scratch: string) => join(scratch, 'engine')
const dataFolder = (scratch: string) => join(folder(scratch), 'data')
const pidFile = (scratch: string) => join(folder(scratch), 'dockerd.pid')
const logFile = (scratch: string) => join(folder(scratch), 'dockerd.log')

async function canStart(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false
  return run('dockerd', ['--version'], { accept: 'any' }).then(() => true, () => false)
}

async function startDockerd(scratch: string): Promise<void> {
  await mkdir(folder(scratch), { recursive: true })
  const log = openSync(logFile(scratch), 'a')
  const args = ['--data-root', dataFolder(scratch), '--pidfile', pidFile(scratch)]
  const dockerd = spawn('dockerd', args, { detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  dockerd.unref()
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

/** Where the engine that answers keeps its images: a process id alone may be another program's by now. */
async function readRoot(): Promise<string> {
  const { stdout } = await run('docker', ['info', '--format', '{{.DockerRootDir}}'], { accept: 'any' })
  return stdout.trim()
}

/** dockerd removes the file of its process id as it ends. */
async function waitForEnd(scratch: string): Promise<void> {
  const deadline = performance.now() + endSeconds * 1000
  while ((await readPid(scratch)) !== undefined && performance.now() < deadline) await sleep(50)
}

async function readPid(scratch: string): Promise<number | undefined> {
  const text = await readFile(pidFile(scratch), 'utf8').catch(() => '')
  return text === '' ? undefined : Number(text)
}

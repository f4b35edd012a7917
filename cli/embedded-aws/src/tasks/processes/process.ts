import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { PassThrough, type Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { UnpackedImage } from './images.ts'

/** How a container's process is started, and how its health is checked. */
export type Program = { argv: string[]; env: Record<string, string>; cwd: string }
export type HealthCheck = { argv: string[]; interval: number; timeout: number; retries: number; startPeriod: number }

export type Health = 'starting' | 'healthy' | 'unhealthy'

export type ContainerProcess = Awaited<ReturnType<typeof startProcess>>

/** Above 128 by the signal's number, as a shell and an engine count. */
const signalExitCodes: Record<string, number> = { SIGINT: 130, SIGKILL: 137, SIGTERM: 143 }

/**
 * What an image's command becomes on this machine: paths that are in the image lead to its unpacked files, and the
 * base image's Node, which is not in it, is this one.
 */
export function localProgram(image: UnpackedImage, command: string[], workingDir: string, env: Record<string, string>): Program {
  const inImage = (word: string) => (word.startsWith('/') && existsSync(join(image.folder, word)) ? join(image.folder, word) : word)
  const [program = '', ...args] = command
  const found = inImage(program)
  return {
    argv: [found === program && basename(program) === 'node' ? process.execPath : found, ...args.map(inImage)],
    env: { PATH: process.env.PATH ?? '', ...env },
    cwd: existsSync(join(image.folder, workingDir)) ? join(image.folder, workingDir) : image.folder,
  }
}

/** Starts a process and keeps what it prints, with the time of every line. @throws what spawn says */
export async function startProcess(program: Program, check: HealthCheck | undefined) {
  const child = await spawned(program)
  const output = createOutput()
  for (const [stream, from] of [[1, child.stdout], [2, child.stderr]] as const) from?.on('data', (chunk: Buffer) => output.write(stream, chunk))
  const state = { running: true, exitCode: 0, health: 'starting' as Health }
  const ended = new Promise<void>((resolve) => {
    child.once('close', (code, signal) => {
      Object.assign(state, { running: false, exitCode: code ?? signalExitCodes[signal ?? ''] ?? 1 })
      output.end()
      resolve()
    })
  })
  if (check) void watchHealth(program, check, state)
  return {
    pid: child.pid as number,
    argv: program.argv,
    state,
    ended,
    logs: output.follow,
    kill: (signal: NodeJS.Signals) => void child.kill(signal),
    /** SIGTERM, then SIGKILL when it goes on for so many seconds. */
    stop: async (seconds: number) => {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000)
      await ended
      clearTimeout(timer)
    },
  }
}

function spawned({ argv, env, cwd }: Program): Promise<ChildProcess> {
  const [program = '', ...args] = argv
  const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child))
    child.once('error', reject)
  })
}

/** Lines in the frames of an engine's log stream: one byte for the stream, three zero, four for the length. */
function createOutput() {
  const frames: Buffer[] = []
  const followers = new Set<PassThrough>()
  let over = false
  return {
    write: (stream: number, chunk: Buffer) => {
      const body = Buffer.from(chunk.toString().replace(/^(?=.)/gm, `${new Date().toISOString()} `))
      const header = Buffer.alloc(8)
      header[0] = stream
      header.writeUInt32BE(body.length, 4)
      const frame = Buffer.concat([header, body])
      frames.push(frame)
      for (const follower of followers) follower.write(frame)
    },
    end: () => {
      over = true
      for (const follower of followers) follower.end()
    },
    follow: (): Readable => {
      const follower = new PassThrough()
      for (const frame of frames) follower.write(frame)
      if (over) follower.end()
      else followers.add(follower)
      return follower
    },
  }
}

/** https://docs.docker.com/reference/dockerfile/#healthcheck */
async function watchHealth(program: Program, check: HealthCheck, state: { running: boolean; health: Health }): Promise<void> {
  const started = performance.now()
  let failures = 0
  while (state.running) {
    await sleep(check.interval)
    const healthy = await passes(program, check)
    const counts = performance.now() - started > check.startPeriod
    failures = healthy ? 0 : failures + (counts ? 1 : 0)
    if (healthy) state.health = 'healthy'
    else if (failures >= check.retries) state.health = 'unhealthy'
  }
}

async function passes(program: Program, { argv, timeout }: HealthCheck): Promise<boolean> {
  const child = await spawned({ ...program, argv }).catch(() => undefined)
  if (!child) return false
  const timer = setTimeout(() => child.kill('SIGKILL'), timeout)
  const code = await new Promise((resolve) => child.once('close', resolve))
  clearTimeout(timer)
  return code === 0
}

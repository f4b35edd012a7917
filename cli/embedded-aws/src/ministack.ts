import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { endProcess, isAlive } from './daemon/processes.ts'

export type Ministack = { url: string; pid: number; close: () => Promise<void> }

const startSeconds = 60

const runningSchema = z.object({ pid: z.number(), url: z.url() })

/**
 * Starts ministack on a free loopback port and waits until it is healthy, or finds the one that a killed gateway left
 * running. Its state lies below `stateDir` and is read again at the next start; `close` waits until it is saved.
 * @param options.python the interpreter of the virtual environment that holds ministack
 * @throws Error when it ends or is not healthy within a minute
 */
export async function startMinistack({ python, stateDir }: { python: string; stateDir: string }): Promise<Ministack> {
  const file = join(stateDir, 'running.json')
  const { pid, url } = (await findRunning(file)) ?? (await start(python, stateDir))
  await writeFile(file, JSON.stringify({ pid, url }))
  const close = async () => {
    await endProcess(pid)
    await rm(file)
  }
  return { url, pid, close }
}

async function findRunning(file: string): Promise<{ pid: number; url: string } | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '{}')
  const { data } = runningSchema.safeParse(JSON.parse(text))
  return data && isAlive(data.pid) && (await isHealthy(data.url)) ? data : undefined
}

async function start(python: string, stateDir: string): Promise<{ pid: number; url: string }> {
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  const tmp = join(stateDir, 'tmp')
  await mkdir(tmp, { recursive: true })
  // A pipe would end with the gateway, and ministack with its next line.
  const log = openSync(join(stateDir, 'ministack.log'), 'a')
  const child = spawn(python, ['-m', 'ministack'], {
    env: { ...process.env, ...environment(stateDir, tmp, port) },
    stdio: ['ignore', log, log],
    detached: true,
  })
  closeSync(log)
  await once(child, 'spawn')
  await waitUntilHealthy(url, child)
  return { pid: child.pid as number, url }
}

function environment(stateDir: string, tmp: string, port: number): NodeJS.ProcessEnv {
  return {
    BIND_HOST: '127.0.0.1',
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

async function waitUntilHealthy(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + startSeconds * 1000
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`ministack ended with exit code ${child.exitCode} while starting`)
    if (await isHealthy(url)) return
    await sleep(50)
  }
  child.kill('SIGKILL')
  throw new Error(`ministack was not healthy within ${startSeconds} s`)
}

/** Whether ministack answers at this address, which may be that of a gateway before it. */
export const isHealthy = (url: string): Promise<boolean> =>
  fetch(`${url}/_ministack/health`, { signal: AbortSignal.timeout(3000) }).then(({ ok }) => ok, () => false)

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

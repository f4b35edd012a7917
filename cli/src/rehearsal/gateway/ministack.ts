import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

export type Ministack = { url: string; pid: number; close: () => Promise<void> }

const startSeconds = 60

/**
 * Starts ministack on a free loopback port and waits until it is healthy. Its state lies below `stateDir` and is read
 * again at the next start; `close` waits until it is saved.
 * @param options.python the interpreter of the virtual environment that holds ministack
 * @throws Error when it ends or is not healthy within a minute
 */
export async function startMinistack(options: {
  python: string
  stateDir: string
  log: (line: string) => void
}): Promise<Ministack> {
  const { python, stateDir, log } = options
  const port = await findFreePort()
  const tmp = join(stateDir, 'tmp')
  await mkdir(tmp, { recursive: true })
  const child = spawn(python, ['-m', 'ministack'], {
    env: { ...process.env, ...environment(stateDir, tmp, port) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', (line) => log(`ministack: ${line}`))
  const url = `http://127.0.0.1:${port}`
  await once(child, 'spawn')
  await waitUntilHealthy(url, child)
  const close = async () => {
    child.kill('SIGTERM')
    await ended
  }
  return { url, pid: child.pid as number, close }
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
    const healthy = await fetch(`${url}/_ministack/health`).then(({ ok }) => ok, () => false)
    if (healthy) return
    await sleep(50)
  }
  child.kill('SIGKILL')
  throw new Error(`ministack was not healthy within ${startSeconds} s`)
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

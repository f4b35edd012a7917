import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

export type Ministack = { url: string; pid: number; close(): Promise<void> }

const startSeconds = 60

/**
 * Starts ministack on a free loopback port; everything it keeps lies below `stateDir`.
 * @throws Error when it ends or does not answer
 */
export async function startMinistack(options: { python: string; stateDir: string; log: (line: string) => void }): Promise<Ministack> {
  const { python, stateDir, log } = options
  const folders = { state: join(stateDir, 'state'), s3: join(stateDir, 's3'), tmp: join(stateDir, 'tmp') }
  await Promise.all(Object.values(folders).map((folder) => mkdir(folder, { recursive: true })))
  const port = await freePort()
  const child = spawn(python, ['-m', 'ministack'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: {
      ...process.env,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      PERSIST_STATE: '1',
      STATE_DIR: folders.state,
      S3_PERSIST: '1',
      S3_DATA_DIR: folders.s3,
      TMPDIR: folders.tmp,
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      PYTHONUNBUFFERED: '1',
    },
  })
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', (line) => log(`ministack: ${line}`))
  let ended: string | undefined
  const exit = new Promise<void>((resolve) => {
    child.once('error', (error) => { ended ??= error.message; resolve() })
    child.once('exit', (code, signal) => { ended ??= `ended with ${signal ?? `exit code ${code}`}`; resolve() })
  })
  const url = `http://127.0.0.1:${port}`
  await waitUntilHealthy(url, () => ended)
  return {
    url,
    pid: child.pid ?? 0,
    async close() {
      child.kill('SIGTERM')
      await exit
    },
  }
}

async function waitUntilHealthy(url: string, ended: () => string | undefined): Promise<void> {
  const deadline = performance.now() + startSeconds * 1000
  while (performance.now() < deadline) {
    const reason = ended()
    if (reason) throw new Error(`ministack ${reason}`)
    const healthy = await fetch(`${url}/_ministack/health`).then((response) => response.ok, () => false)
    if (healthy) return
    await sleep(50)
  }
  throw new Error(`ministack does not answer after ${startSeconds} s`)
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

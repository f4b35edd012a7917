import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import autocannon from 'autocannon'
import { median, root, type Comparison } from './measure.ts'

const ports = { app: 18_080, hono: 18_081, node: 18_082 }
const bare = {
  hono: `
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
serve({ fetch: new Hono().get('/livez', (c) => c.text('alive\\n')).fetch, port: ${ports.hono}, hostname: '127.0.0.1' })
`,
  node: `
import { createServer } from 'node:http'
createServer((req, res) => res.writeHead(200, { 'content-type': 'text/plain' }).end('alive\\n')).listen(${ports.node}, '127.0.0.1')
`,
}

/** Requests a second of the app, headers and log line included, next to a bare Hono app and a bare node:http server. */
export async function benchApp(): Promise<Comparison[]> {
  const env = { ...process.env, HOST: '127.0.0.1', PORT: String(ports.app) }
  const servers = [
    spawn(process.execPath, [`${root}application/dist/server.js`], { env, stdio: 'ignore' }),
    ...Object.values(bare).map((code) => spawn(process.execPath, ['--input-type=module', '-e', code], { cwd: root, stdio: 'ignore' })),
  ]
  try {
    await Promise.all(Object.values(ports).map(untilAnswers))
    const rates: Record<string, number[]> = { app: [], hono: [], node: [] }
    for (let round = 0; round < 5; round++) {
      for (const [name, port] of Object.entries(ports)) rates[name]?.push(await measureRate(port))
    }
    const { app = NaN, ...others } = Object.fromEntries(Object.entries(rates).map(([name, each]) => [name, median(each)]))
    return Object.entries(others).map(([name, other]) => ({
      what: `requests a second of the app, next to a bare ${name} server`,
      ours: app.toFixed(0),
      other: other.toFixed(0),
      ratio: app / other,
    }))
  } finally {
    await Promise.all(servers.map(end))
  }
}

async function measureRate(port: number): Promise<number> {
  const { requests, non2xx, errors } = await autocannon({ url: `http://127.0.0.1:${port}/livez`, connections: 32, duration: 4 })
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} requests failed`)
  return requests.average
}

async function untilAnswers(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await fetch(`http://127.0.0.1:${port}/livez`).then(({ ok }) => ok, () => false)) return
    await sleep(50)
  }
  throw new Error(`nothing answers on port ${port}`)
}

async function end(server: ChildProcess): Promise<void> {
  server.kill('SIGKILL')
  if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
}

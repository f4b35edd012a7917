import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import autocannon from 'autocannon'
import { median, root, type Comparison } from './measure.ts'

const ports = { app: 18_080, bare: 18_081 }
const bare = `
const body = 'x'.repeat(80)
require('node:http').createServer((req, res) => res.writeHead(200, { 'content-type': 'text/plain' }).end(body)).listen(${ports.bare}, '127.0.0.1')
`

/** Requests a second of the app, next to a bare node:http server that answers a text as long. */
export async function benchApp(): Promise<Comparison[]> {
  const env = { ...process.env, HOST: '127.0.0.1', PORT: String(ports.app) }
  const servers = [
    spawn(process.execPath, [`${root}application/dist/server.js`], { env, stdio: 'ignore' }),
    spawn(process.execPath, ['-e', bare], { stdio: 'ignore' }),
  ]
  try {
    await Promise.all(Object.values(ports).map(untilAnswers))
    const rates = { app: [] as number[], bare: [] as number[] }
    for (let round = 0; round < 5; round++) {
      rates.app.push(await measureRate(ports.app))
      rates.bare.push(await measureRate(ports.bare))
    }
    const [app, other] = [median(rates.app), median(rates.bare)]
    return [{ what: 'requests a second of the app, next to bare node:http', ours: app.toFixed(0), other: other.toFixed(0), ratio: app / other }]
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

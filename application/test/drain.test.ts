import { rmSync } from 'node:fs'
import { Agent, get } from 'node:http'
import t from 'tap'
import { bundle, start, type RunningServer } from './support/server.ts'

const folder = bundle()
t.teardown(() => rmSync(folder, { recursive: true }))

/**
 * A load balancer with its two connections a client: it sends requests until it is told to let go. A connection that
 * the server said it would close is not used again.
 */
function load(server: RunningServer, clients: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const counts = { sent: 0, failed: 0, closing: 0 }
  let on = true
  const once = () =>
    new Promise<void>((resolve) => {
      counts.sent++
      const request = get({ agent, port: server.port, host: '127.0.0.1', path: '/' }, (response) => {
        if (response.statusCode !== 200) counts.failed++
        if (response.headers.connection === 'close') counts.closing++
        response.resume().on('end', resolve)
      })
      request.on('error', () => {
        counts.failed++
        resolve()
      })
    })
  const client = async () => {
    while (on) await once()
  }
  const running = Array.from({ length: clients }, client)
  return {
    counts,
    async letGo() {
      on = false
      await Promise.all(running)
      agent.destroy()
    },
  }
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

t.test('SIGTERM before the load balancer lets go: no request fails', async (t) => {
  const server = await start(folder, { DRAIN_UNREADY_SECONDS: '1', DRAIN_SILENCE_SECONDS: '1', DRAIN_DEADLINE_SECONDS: '10' })
  const { counts, letGo } = load(server, 8)
  await pause(300)
  server.child.kill('SIGTERM')
  await pause(300)
  t.equal((await fetch(`${server.url}/healthz`)).status, 503, 'the check tells the load balancer')
  await pause(400)
  await letGo()
  const { code } = await server.ended
  t.equal(code, 0)
  t.equal(counts.failed, 0, `${counts.sent} requests, none failed`)
  t.ok(counts.closing > 0, 'answers say Connection: close')
  t.ok(counts.sent > counts.closing, 'which those before SIGTERM did not')
})

t.test('SIGTERM after the load balancer has let go: it ends after the silence', async (t) => {
  const server = await start(folder, { DRAIN_UNREADY_SECONDS: '30', DRAIN_SILENCE_SECONDS: '0.5', DRAIN_DEADLINE_SECONDS: '60' })
  await fetch(`${server.url}/healthz`)
  const { counts, letGo } = load(server, 4)
  await pause(200)
  await letGo()
  server.child.kill('SIGTERM')
  t.match(await server.ended, { code: 0 })
  t.equal(counts.failed, 0)
})

t.test('whatever still comes in, it ends at the deadline', async (t) => {
  const server = await start(folder, { DRAIN_UNREADY_SECONDS: '30', DRAIN_SILENCE_SECONDS: '30', DRAIN_DEADLINE_SECONDS: '1' })
  const { letGo } = load(server, 2)
  await pause(100)
  server.child.kill('SIGTERM')
  t.match(await server.ended, { code: 0 })
  await letGo()
})

t.test('an idle keep-alive connection does not hold it', async (t) => {
  const server = await start(folder)
  const agent = new Agent({ keepAlive: true })
  await new Promise<void>((resolve) => get({ agent, port: server.port, host: '127.0.0.1' }, (response) => response.resume().on('end', resolve)))
  server.child.kill('SIGTERM')
  t.match(await server.ended, { code: 0 })
  agent.destroy()
})

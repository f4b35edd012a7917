import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startLoad } from '../../src/scenarios/client-load.ts'

async function loadFor(t: Test, seconds: number, answer: RequestListener) {
  const server = createServer(answer)
  const sockets = new Set()
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const started = performance.now()
  const load = startLoad({ url: `http://127.0.0.1:${port}`, connections: 4, perSecond: 400, timeoutSeconds: 0.3 })
  await sleep(seconds * 1000)
  const report = await load.stop()
  return { report, connections: sockets.size, seconds: (performance.now() - started) / 1000 }
}

t.test('keeps its connections and counts who answered', async (t) => {
  const { report, connections, seconds } = await loadFor(t, 0.5, (_, response) => response.end('{"imageTag":"v1"}'))
  t.ok(report.sent > 4 && report.sent < 400 * seconds + 8, `${report.sent} requests in ${seconds} s, 400 a second at most`)
  t.match(report, { failed: 0, failures: {}, answers: { v1: report.sent } })
  t.equal(connections, 4)
})

t.test('counts every failure by its reason', async (t) => {
  let count = 0
  const { report } = await loadFor(t, 0.5, (request, response) => {
    count++
    if (count % 4 === 1) response.writeHead(502).end()
    else if (count % 4 === 2) request.socket.destroy()
    else if (count % 4 === 3) response.end('{"imageTag":"v1"}')
  })
  t.ok((report.failures['HTTP 502'] ?? 0) > 0)
  t.ok((report.failures.ECONNRESET ?? 0) > 0)
  t.ok((report.failures.timeout ?? 0) > 0)
  t.equal(report.failed, Object.values(report.failures).reduce((sum, each) => sum + each, 0))
  t.equal(report.sent, report.failed + (report.answers.v1 ?? 0))
  t.ok((report.firstFailure ?? 0) <= (report.lastFailure ?? 0))
})

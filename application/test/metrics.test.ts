import { rmSync } from 'node:fs'
import { get } from 'node:http'
import t from 'tap'
import { bundle, start, type RunningServer } from './support/server.ts'

const folder = bundle()
t.teardown(() => rmSync(folder, { recursive: true }))

/** Waits until the app says where it serves metrics, and reads them. */
async function scrape(server: RunningServer): Promise<string[]> {
  const found = () => server.lines().find(({ event }) => event === 'serving metrics')
  while (!found()) await new Promise((resolve) => setTimeout(resolve, 10))
  return (await (await fetch(`http://127.0.0.1:${String(found()?.port)}/metrics`)).text()).split('\n')
}

const ask = (url: string, method: string) => new Promise((resolve) => get(url, { method }, (answer) => answer.resume().on('end', resolve)))

t.test('requests by method, route and status; Node itself', async (t) => {
  const server = await start(folder, { METRICS_PORT: '0' })
  t.teardown(() => server.child.kill('SIGKILL'))
  await Promise.all(['/', '/', '/version', '/wp-login.php', '/.env', '/metrics'].map(async (path) => (await fetch(server.url + path)).text()))
  await ask(`${server.url}/`, 'PROPFIND')
  const lines = await scrape(server)
  const counts = lines.filter((line) => line.startsWith('http_server_request_duration_seconds_count'))
  t.same(counts.sort(), [
    'http_server_request_duration_seconds_count{http_request_method="GET",http_route="/",http_response_status_code="200"} 2',
    'http_server_request_duration_seconds_count{http_request_method="GET",http_route="/*",http_response_status_code="404"} 3',
    'http_server_request_duration_seconds_count{http_request_method="GET",http_route="/version",http_response_status_code="200"} 1',
    'http_server_request_duration_seconds_count{http_request_method="_OTHER",http_route="/*",http_response_status_code="404"} 1',
  ])
  t.ok(lines.includes('http_server_active_requests{http_request_method="GET"} 0'))
  t.ok(lines.some((line) => line.startsWith('http_server_request_duration_seconds_bucket{le="0.005"')))
  for (const name of ['nodejs_eventloop_lag_p99_seconds', 'nodejs_heap_size_used_bytes', 'process_cpu_seconds_total']) {
    t.ok(lines.some((line) => line.startsWith(`${name} `)), name)
  }
  t.ok(lines.includes('# TYPE nodejs_gc_duration_seconds histogram'))
})

t.test('without a port there are none; a port that is taken is said', async (t) => {
  const off = await start(folder)
  t.notOk(off.lines().some(({ event }) => event === 'serving metrics'))
  t.equal((await fetch(`${off.url}/metrics`)).status, 404)
  const taken = await start(folder, { METRICS_PORT: String(off.port) })
  t.match(await taken.ended, { code: 1, stderr: `The app cannot listen on 127.0.0.1:${off.port}: EADDRINUSE.\n` })
  off.child.kill('SIGKILL')
})

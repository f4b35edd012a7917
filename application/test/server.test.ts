import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { spawnSync } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { bundle, start, type RunningServer } from './support/server.ts'

const folder = bundle()
t.teardown(() => rmSync(folder, { recursive: true }))

t.test('starts, logs that it listens, answers, and ends with 0 on SIGTERM', async (t) => {
  const server = await start(folder, { IMAGE_TAG: 'v7' })
  t.match(server.lines()[0], { event: 'listening', port: server.port, imageTag: 'v7' })
  t.match(await (await fetch(`${server.url}/version`)).json(), { imageTag: 'v7' })
  server.child.kill('SIGTERM')
  t.match(await server.ended, { code: 0, stderr: '' })
  t.match(server.lines().map(({ event, path }) => event ?? path), ['listening', '/version', 'stopping', 'stopped'])
})

t.test('says every bad setting in a sentence and ends with 1', async (t) => {
  const server = await start(folder, { PORT: 'x', APP_ENV: '' })
  const { code, stderr } = await server.ended
  t.equal(code, 1)
  t.equal(stderr, 'The app cannot start: PORT must be a port number.\nThe app cannot start: APP_ENV must not be empty.\n')
})

t.test('says that a port is taken', async (t) => {
  const first = await start(folder)
  const second = await start(folder, { PORT: String(first.port) })
  t.match(await second.ended, { code: 1, stderr: /cannot listen on 127\.0\.0\.1:\d+: EADDRINUSE/ })
  first.child.kill('SIGKILL')
})

t.test('a second SIGINT ends it at once', async (t) => {
  const server = await start(folder, { DRAIN_SILENCE_SECONDS: '60', DRAIN_DEADLINE_SECONDS: '60' })
  await fetch(`${server.url}/healthz`)
  server.child.kill('SIGINT')
  while (!server.lines().some(({ event }) => event === 'stopping')) await new Promise((resolve) => setTimeout(resolve, 10))
  server.child.kill('SIGINT')
  t.match(await server.ended, { code: 1 })
})

t.test('a second SIGTERM changes nothing: what is under way is still answered', async (t) => {
  const server = await start(folder, { DRAIN_SILENCE_SECONDS: '1', DRAIN_DEADLINE_SECONDS: '60' })
  await fetch(`${server.url}/healthz`)
  server.child.kill('SIGTERM')
  while (!server.lines().some(({ event }) => event === 'stopping')) await new Promise((resolve) => setTimeout(resolve, 10))
  server.child.kill('SIGTERM')
  t.equal((await fetch(`${server.url}/version`)).status, 200)
  t.match(await server.ended, { code: 0 })
  t.equal(server.lines().filter(({ event }) => event === 'stopping').length, 1)
})

const digest = `sha256:${'c'.repeat(64)}`
const sidecar = { Name: 'sidecar', ImageID: `sha256:${'d'.repeat(64)}` }
const own = { Name: 'app', ImageID: digest }
const metadata: Record<string, object> = {
  '/v4/abc': own,
  '/v4/abc/task': { TaskARN: 'arn:aws:ecs:eu-central-1:1:task/webapp/0123', AvailabilityZone: 'eu-central-1b', Containers: [sidecar, own] },
}

/** A task metadata endpoint that answers from the given request on. */
async function serveMetadata(t: Test, failing = 0) {
  let asked = 0
  const server = createServer((request, response) => {
    if (++asked <= failing) request.destroy()
    else response.end(JSON.stringify(metadata[request.url ?? '']))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v4/abc`
}

const readVersion = async ({ url }: RunningServer) => (await fetch(`${url}/version`)).json() as Promise<{ imageDigest: string | null }>

t.test('knows its task and the image of its own container, also beside a sidecar', async (t) => {
  const server = await start(folder, { ECS_CONTAINER_METADATA_URI_V4: await serveMetadata(t) })
  t.match(await (await fetch(server.url, { headers: { accept: 'application/json' } })).json(), { task: '0123 in eu-central-1b' })
  t.match(await readVersion(server), { imageDigest: digest })
  server.child.kill('SIGKILL')
})

t.test('starts without an answer from the metadata endpoint, and asks until there is one', async (t) => {
  const server = await start(folder, { ECS_CONTAINER_METADATA_URI_V4: await serveMetadata(t, 4) })
  t.equal((await fetch(`${server.url}/livez`)).status, 200)
  while ((await readVersion(server)).imageDigest !== digest) await new Promise((resolve) => setTimeout(resolve, 50))
  server.child.kill('SIGKILL')
})

/** Ends the process right after its first answer, whose line is then still held. */
const ends = [
  { code: 1, how: "throw new Error('planted')", line: { level: 'error', event: 'uncaughtException', error: 'planted', stack: /planted\n {4}at / } },
  { code: 1, how: "Promise.reject(new Error('planted'))", line: { level: 'error', event: 'unhandledRejection', error: 'planted', stack: /planted\n {4}at / } },
  { code: 7, how: 'process.exit(7)' },
]
for (const { code, how, line } of ends) {
  t.test(`no line is lost, and a crash is one itself: ${how}`, async (t) => {
    const script = `require('node:diagnostics_channel').subscribe('http.server.response.finish', () => process.nextTick(() => { ${how} }))`
    const server = await start(folder, { NODE_OPTIONS: `--require=${join(t.testdir({ 'end.cjs': script }), 'end.cjs')}` })
    t.equal((await fetch(`${server.url}/livez`)).status, 200)
    t.match(await server.ended, { code, stderr: '' })
    t.match(server.lines(), [{ event: 'listening' }, { path: '/livez', status: 200 }, ...(line ? [line] : [])])
    t.equal(server.lines().length, line ? 3 : 2)
  })
}

t.test('the health check of the container tells alive from dead', async (t) => {
  const server = await start(folder)
  const check = (port: number) => spawnSync(process.execPath, [join(folder, 'healthcheck.js')], { env: { PORT: String(port) } }).status
  t.equal(check(server.port), 0)
  server.child.kill('SIGKILL')
  await server.ended
  t.equal(check(server.port), 1)
})

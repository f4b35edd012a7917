import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { spawnSync } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { bundle, start } from './support/server.ts'

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

t.test('knows its task from the metadata endpoint, and starts without an answer', async (t) => {
  const digest = `sha256:${'c'.repeat(64)}`
  const metadata = createServer((request, response) => {
    t.equal(request.url, '/v4/abc/task')
    response.end(JSON.stringify({ TaskARN: 'arn:aws:ecs:eu-central-1:1:task/webapp/0123', AvailabilityZone: 'eu-central-1b', Containers: [{ Name: 'app', ImageID: digest }] }))
  })
  await new Promise<void>((resolve) => metadata.listen(0, '127.0.0.1', resolve))
  const uri = `http://127.0.0.1:${(metadata.address() as AddressInfo).port}/v4/abc`
  const server = await start(folder, { ECS_CONTAINER_METADATA_URI_V4: uri })
  t.match(await (await fetch(server.url, { headers: { accept: 'application/json' } })).json(), { task: '0123 in eu-central-1b' })
  t.match(await (await fetch(`${server.url}/version`)).json(), { imageDigest: digest })
  server.child.kill('SIGKILL')
  metadata.closeAllConnections()
  metadata.close()

  const without = await start(folder, { ECS_CONTAINER_METADATA_URI_V4: 'http://127.0.0.1:9/v4' })
  t.equal((await fetch(`${without.url}/livez`)).status, 200)
  without.child.kill('SIGKILL')
})

t.test('the health check of the container tells alive from dead', async (t) => {
  const server = await start(folder)
  const check = (port: number) => spawnSync(process.execPath, [join(folder, 'healthcheck.js')], { env: { PORT: String(port) } }).status
  t.equal(check(server.port), 0)
  server.child.kill('SIGKILL')
  await server.ended
  t.equal(check(server.port), 1)
})

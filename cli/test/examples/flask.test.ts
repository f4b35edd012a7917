// Flask and gunicorn, as a process: its base image has a package manager and needs the network.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import t from 'tap'
import { runCli } from '../support/cli.ts'
import { exampleProject } from '../support/example.ts'
import { until } from '../support/until.ts'

const example = fileURLToPath(new URL('flask', import.meta.url))

t.test('answers the health check, tells what it is, and ends with 0 on SIGTERM', async (t) => {
  const venv = t.testdir()
  execFileSync('python3', ['-m', 'venv', venv])
  execFileSync(join(venv, 'bin', 'pip'), ['install', '--quiet', '--requirement', join(example, 'requirements.txt')], { stdio: 'pipe' })
  const metadata = createServer((_, response) => response.end('{"ImageID":"sha256:aa"}')).listen(0, '127.0.0.1')
  await once(metadata, 'listening')
  t.teardown(() => metadata.close())
  const port = await freePort()
  const env = {
    PATH: `${join(venv, 'bin')}:${process.env.PATH}`,
    PORT: String(port),
    IMAGE_TAG: 'v7',
    ECS_CONTAINER_METADATA_URI_V4: `http://127.0.0.1:${(metadata.address() as AddressInfo).port}`,
  }
  const app = spawn('gunicorn', ['app:app'], { cwd: example, env: { ...env, PYTHONDONTWRITEBYTECODE: '1' }, stdio: 'ignore' })
  t.teardown(() => app.kill('SIGKILL'))
  const ended = once(app, 'exit')
  const url = `http://127.0.0.1:${port}`
  await until('it answers', () => fetch(`${url}/healthz`).then(({ ok }) => ok, () => false))
  t.match(await fetch(`${url}/version`).then((response) => response.json()), { version: '0.0.0', commit: null, imageTag: 'v7', imageDigest: 'sha256:aa' })
  app.kill('SIGTERM')
  t.same(await ended, [0, null])
})

t.test('its settings are valid', async (t) => {
  const { exitCode, stderr } = await runCli(['validate'], { cwd: exampleProject(t, 'flask'), env: { FARGATE_CTL_SCRATCH: undefined } })
  t.equal(exitCode, 0, stderr)
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

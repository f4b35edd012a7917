// An app without JavaScript, package.json, container health check and /version: a web server and the two files it serves.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { RehearseResult } from '../../src/rehearsal/rehearse.ts'
import { runCli } from '../support/cli.ts'
import { addBusybox, exampleProject, runImage } from '../support/example.ts'
import { lacking } from '../support/needs.ts'
import { until } from '../support/until.ts'

const project = exampleProject(t, 'busybox')
addBusybox(project)
const page = join(project, 'application', 'www', 'index.html')
const cli = (...args: string[]) => runCli(args, { cwd: project, env: { FARGATE_CTL_SCRATCH: undefined } })

t.test('its settings are valid', async (t) => {
  const { exitCode, stderr } = await cli('validate')
  t.equal(exitCode, 0, stderr)
})

t.test('its image is built and serves', { skip: lacking('engine') }, async (t) => {
  const { url, json } = await runImage(t, project)
  t.match(json, { tag: /^[0-9a-f]{16}$/, platform: /^linux\// })
  await until('it answers', () => fetch(`${url}/healthz`).then(({ ok }) => ok, () => false))
  t.match(await fetch(url).then((response) => response.text()), 'Hello from busybox')
})

t.test('rehearsed, changed, broken, and away again', { skip: lacking('time', 'engine', 'embedded AWS') }, async (t) => {
  t.teardown(() => cli('rehearse', '--down'))
  const first = await cli('rehearse', '--json')
  t.equal(first.exitCode, 0, first.stderr)
  const { url, image, version } = JSON.parse(first.stdout) as RehearseResult
  t.match(image, { digest: /^sha256:[0-9a-f]{64}$/ })
  t.equal(version, null, 'it names none')

  await t.test('a changed page is served', async (t) => {
    writeFileSync(page, '<h1>Changed</h1>\n')
    const second = await cli('rehearse', '--json')
    t.equal(second.exitCode, 0, second.stderr)
    t.not((JSON.parse(second.stdout) as RehearseResult).image.digest, image.digest)
    t.match(await fetch(url ?? '').then((response) => response.text()), 'Changed')
  })

  await t.test('a version without its health file is diagnosed, and the one before serves on', async (t) => {
    rmSync(join(project, 'application', 'www', 'healthz'))
    writeFileSync(page, '<h1>Broken</h1>\n')
    const broken = await cli('rehearse')
    t.equal(broken.exitCode, 5, broken.stderr)
    t.match(broken.stderr, '/healthz', 'names the path')
    t.match(broken.stderr, 'health_check_path', 'names the setting')
    t.match(await fetch(url ?? '').then((response) => response.text()), 'Changed')
  })
})

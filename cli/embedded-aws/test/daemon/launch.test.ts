import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateRepositoryCommand, DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr'
import t, { type Test } from 'tap'
import { openKeys } from '../../src/access/keys.ts'
import { ensureEmbeddedAws, findRunning, stopEmbeddedAws } from '../../src/daemon/launch.ts'
import { isAlive, type KnownProcess } from '../../src/daemon/processes.ts'
import { findPython } from '../support/embedded-aws.ts'
import { waitFor } from '../support/wait-for.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('ministack')

async function prepare(t: Test) {
  const stateDir = await mkdtemp(join(tmpdir(), 'embedded-aws-daemon-'))
  t.teardown(async () => {
    await stopEmbeddedAws(stateDir)
    await rm(stateDir, { recursive: true, force: true })
  })
  return { python: findPython() ?? '', stateDir, speed: 1, engine: 'none' as const }
}

const readProcess = (...path: string[]) => (JSON.parse(readFileSync(join(...path), 'utf8')) as { process: KnownProcess }).process

async function kill(what: string, known: KnownProcess) {
  process.kill(known.pid, 'SIGKILL')
  await waitFor(`${what} is gone`, async () => !isAlive(known))
}

t.test('a daemon that was killed leaves nothing lost and nobody behind', async (t) => {
  const options = await prepare(t)
  const { stateDir } = options
  const { url, startedNow } = await ensureEmbeddedAws(options)
  t.ok(startedNow)
  t.match(await ensureEmbeddedAws(options), { url, startedNow: false }, 'the one that runs is found')
  const ecr = new ECRClient({ region: 'eu-west-1', endpoint: url, credentials: openKeys(join(stateDir, 'keys.json')).issued() })
  await ecr.send(new CreateRepositoryCommand({ repositoryName: 'webapp' }))
  const ministack = readProcess(stateDir, 'ministack', 'running.json')
  for (const [file, mode] of [['', 0o700], ['keys.json', 0o600], ['daemon.json', 0o600], ['ecs.json', 0o600], ['ministack', 0o700]] as const) {
    t.equal(statSync(join(stateDir, file)).mode & 0o777, mode, `${file || 'the folder'} is its owner's alone`)
  }

  await kill('the daemon', readProcess(stateDir, 'daemon.json'))
  t.match(await ensureEmbeddedAws(options), { url, startedNow: true }, 'at the same address')
  const { repositories } = await ecr.send(new DescribeRepositoriesCommand({}))
  t.match(repositories, [{ repositoryName: 'webapp' }], 'what it held is there')

  const last = readProcess(stateDir, 'ministack', 'running.json')
  t.notOk(isAlive(ministack))
  t.ok(isAlive(last))
  t.ok(await stopEmbeddedAws(stateDir))
  t.notOk(isAlive(last), 'and it ends with the daemon')
  t.notOk(existsSync(join(stateDir, 'ministack', 'running.json')))
})

t.test('another speed, other accounts, other code or a lost ministack need another daemon', async (t) => {
  const options = await prepare(t)
  const { stateDir } = options
  const { url } = await ensureEmbeddedAws(options)
  await kill('ministack', readProcess(stateDir, 'ministack', 'running.json'))
  t.match(await ensureEmbeddedAws(options), { url, startedNow: true })
  t.match(await ensureEmbeddedAws({ ...options, speed: 10 }), { url, startedNow: true })
  const accounts = ['111111111111', '222222222222']
  t.match(await ensureEmbeddedAws({ ...options, speed: 10, accounts }), { url, startedNow: true })
  const file = join(stateDir, 'daemon.json')
  writeFileSync(file, readFileSync(file, 'utf8').replace(/"build":"\w+"/, '"build":"that of yesterday"'))
  t.match(await ensureEmbeddedAws({ ...options, speed: 10, accounts }), { url, startedNow: true })
})

t.test('a process id that another program has by now is left alone', async (t) => {
  const { stateDir } = await prepare(t)
  const other = { process: { pid: process.pid, started: 'another time' }, version: 1, socket: join(stateDir, 'none', 'socket') }
  const settings = { speed: 1, accounts: [], engine: 'none', build: '', instance: 'none', url: 'http://127.0.0.1:9' }
  writeFileSync(join(stateDir, 'daemon.json'), JSON.stringify({ ...other, ...settings }))
  t.equal(await findRunning(stateDir), undefined)
  t.equal(await stopEmbeddedAws(stateDir), false)
})

t.test('one that does not end is ended by force', async (t) => {
  const options = await prepare(t)
  await ensureEmbeddedAws(options)
  const daemon = readProcess(options.stateDir, 'daemon.json')
  process.kill(daemon.pid, 'SIGSTOP')
  t.ok(await stopEmbeddedAws(options.stateDir, 0.5))
  t.notOk(isAlive(daemon))
  t.notOk(existsSync(join(options.stateDir, 'ministack', 'running.json')), 'and its ministack with it')
})

t.test('one that cannot start leaves nothing behind', async (t) => {
  const options = await prepare(t)
  const before = process.env.DOCKER_HOST
  process.env.DOCKER_HOST = 'ssh://elsewhere'
  t.teardown(() => {
    if (before === undefined) delete process.env.DOCKER_HOST
    else process.env.DOCKER_HOST = before
  })
  await t.rejects(ensureEmbeddedAws({ ...options, engine: undefined }), {
    message: 'The embedded AWS cannot talk to a container engine at ssh://elsewhere.',
    fix: /DOCKER_HOST/,
  })
  t.notOk(existsSync(join(options.stateDir, 'ministack', 'running.json')), 'no ministack runs on')
  t.equal(await findRunning(options.stateDir), undefined)
})

t.test('damaged state is said, and not written over', async (t) => {
  const options = await prepare(t)
  const file = join(options.stateDir, 'ecs.json')
  for (const text of ['{"version":1,"services":', '{"version":99}', '{"version":1,"services":[]}']) {
    writeFileSync(file, text)
    await t.rejects(ensureEmbeddedAws(options), { cause: /ecs\.json cannot be read: it is damaged, or another version of embedded-aws wrote it/ })
    t.equal(readFileSync(file, 'utf8'), text)
  }
  writeFileSync(join(options.stateDir, 'keys.json'), 'no keys')
  chmodSync(join(options.stateDir, 'keys.json'), 0o600)
  await t.rejects(ensureEmbeddedAws(options), { message: /keys\.json cannot be read/, fix: /embedded-aws stop --remove/ })
})

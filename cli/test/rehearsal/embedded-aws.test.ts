import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateRepositoryCommand, DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr'
import t, { type Test } from 'tap'
import { ensureEmbeddedAws, findRunning, stopEmbeddedAws } from '../../src/rehearsal/embedded-aws.ts'
import { isAlive } from '../../src/rehearsal/processes.ts'
import { findPython } from '../support/embedded-aws.ts'
import { waitFor } from '../support/wait-for.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('embedded AWS')

async function prepare(t: Test) {
  const stateDir = await mkdtemp(join(tmpdir(), 'fargate-ctl-daemon-'))
  t.teardown(async () => {
    await stopEmbeddedAws(stateDir)
    await rm(stateDir, { recursive: true, force: true })
  })
  return { python: findPython() ?? '', stateDir, modules: stateDir, speed: 1, tasksAre: 'processes' as const }
}

t.test('a daemon that was killed leaves nothing lost and nobody behind', async (t) => {
  const options = await prepare(t)
  const { stateDir } = options
  const { url, startedNow } = await ensureEmbeddedAws(options)
  t.ok(startedNow)
  t.same(await ensureEmbeddedAws(options), { url, startedNow: false }, 'the one that runs is found')
  const ecr = new ECRClient({ region: 'eu-west-1', endpoint: url, credentials: { accessKeyId: 'rehearsal', secretAccessKey: 'unused' } })
  await ecr.send(new CreateRepositoryCommand({ repositoryName: 'webapp' }))
  const ministack = JSON.parse(readFileSync(join(stateDir, 'ministack', 'running.json'), 'utf8')) as { pid: number }

  const { pid } = (await findRunning(stateDir)) ?? { pid: 0 }
  process.kill(pid, 'SIGKILL')
  await waitFor('the daemon is gone', async () => !isAlive(pid))
  t.same(await ensureEmbeddedAws(options), { url, startedNow: true }, 'at the same address')
  const { repositories } = await ecr.send(new DescribeRepositoriesCommand({}))
  t.match(repositories, [{ repositoryName: 'webapp' }], 'what it held is there')

  t.ok(isAlive(ministack.pid))
  t.ok(await stopEmbeddedAws(stateDir))
  t.notOk(isAlive(ministack.pid), 'and it ends with the daemon')
  t.notOk(existsSync(join(stateDir, 'ministack', 'running.json')))
})

t.test('a daemon whose ministack was killed is started anew', async (t) => {
  const options = await prepare(t)
  const { url } = await ensureEmbeddedAws(options)
  const { pid } = JSON.parse(readFileSync(join(options.stateDir, 'ministack', 'running.json'), 'utf8')) as { pid: number }
  process.kill(pid, 'SIGKILL')
  await waitFor('ministack is gone', async () => !isAlive(pid))
  t.same(await ensureEmbeddedAws(options), { url, startedNow: true })
  t.same(await ensureEmbeddedAws(options), { url, startedNow: false })
})

t.test('another speed, other tasks or other code need another daemon', async (t) => {
  const options = await prepare(t)
  const { stateDir } = options
  const { url } = await ensureEmbeddedAws(options)
  t.same(await ensureEmbeddedAws({ ...options, speed: 10 }), { url, startedNow: true })
  t.same(await ensureEmbeddedAws({ ...options, speed: 10, tasksAre: 'containers' }), { url, startedNow: true })
  const running = await findRunning(stateDir)
  t.match(running, { speed: 10, tasksAre: 'containers' })
  for (const build of ['that of yesterday', undefined]) {
    writeFileSync(join(stateDir, 'daemon.json'), JSON.stringify({ ...running, pid: (await findRunning(stateDir))?.pid, build }))
    t.same(await ensureEmbeddedAws({ ...options, speed: 10, tasksAre: 'containers' }), { url, startedNow: true })
  }
})

t.test('one that cannot start leaves nothing behind', async (t) => {
  const options = await prepare(t)
  const before = process.env.DOCKER_HOST
  process.env.DOCKER_HOST = 'ssh://elsewhere'
  t.teardown(() => {
    if (before === undefined) delete process.env.DOCKER_HOST
    else process.env.DOCKER_HOST = before
  })
  await t.rejects(ensureEmbeddedAws({ ...options, tasksAre: 'containers' }), {
    message: 'The embedded AWS did not start.',
    cause: /cannot talk to a container engine at ssh:/,
  })
  t.notOk(existsSync(join(options.stateDir, 'ministack', 'running.json')), 'no ministack runs on')
  t.equal(await findRunning(options.stateDir), undefined)
})

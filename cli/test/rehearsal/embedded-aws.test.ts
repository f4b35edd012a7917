import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateRepositoryCommand, DescribeRepositoriesCommand, ECRClient } from '@aws-sdk/client-ecr'
import t from 'tap'
import { ensureEmbeddedAws, findRunning, stopEmbeddedAws } from '../../src/rehearsal/embedded-aws.ts'
import { isAlive } from '../../src/rehearsal/processes.ts'
import { findPython } from '../support/embedded-aws.ts'
import { waitFor } from '../support/wait-for.ts'

t.test('a daemon that was killed leaves nothing lost and nobody behind', async (t) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'fargate-ctl-daemon-'))
  t.teardown(async () => {
    await stopEmbeddedAws(stateDir)
    await rm(stateDir, { recursive: true, force: true })
  })
  const options = { python: findPython() ?? '', stateDir, standIns: stateDir, speed: 1, tasksAre: 'processes' as const }
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

t.test('another speed, or other tasks, need another daemon', async (t) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'fargate-ctl-daemon-'))
  t.teardown(async () => {
    await stopEmbeddedAws(stateDir)
    await rm(stateDir, { recursive: true, force: true })
  })
  const options = { python: findPython() ?? '', stateDir, standIns: stateDir, speed: 1, tasksAre: 'processes' as const }
  const { url } = await ensureEmbeddedAws(options)
  t.same(await ensureEmbeddedAws({ ...options, speed: 10 }), { url, startedNow: true })
  t.same(await ensureEmbeddedAws({ ...options, speed: 10, tasksAre: 'containers' }), { url, startedNow: true })
  t.match(await findRunning(stateDir), { speed: 10, tasksAre: 'containers' })
})

// podman has no daemon: a service of its API is started for the embedded AWS, and ends with it.
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { findEngine } from '../../src/engine/find-engine.ts'
import { endPodman } from '../../src/engine/podman.ts'
import { tryTask } from '../support/engine-trial.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('engine', 'ministack', 'podman')

t.test('tasks in podman', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'embedded-aws-podman-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const engine = await findEngine('podman', process.env, folder)
  t.teardown(async () => {
    await endPodman(folder)
    t.notOk(existsSync(engine.host.replace('unix://', '')), 'its service has ended')
  })
  t.same(await findEngine('podman', process.env, folder), engine, 'the service that runs is found')
  await tryTask(t, engine)
})

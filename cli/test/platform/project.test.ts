import { join } from 'node:path'
import t from 'tap'
import { findProject } from '../../src/platform/project.ts'
import { run } from '../../src/platform/run.ts'
import { fakePrograms } from '../support/fake-programs.ts'

t.test('what the set-up installed runs, also where the machine has another version first on PATH', async (t) => {
  const folder = t.testdir({ infrastructure: {} })
  fakePrograms(join(folder, '.fargate-ctl', 'tools', 'bin'), { terraform: "say('installed')" })
  const older = fakePrograms(join(folder, 'older'), { terraform: "say('older')" })
  const { PATH, FARGATE_CTL_SCRATCH } = process.env
  t.teardown(() => void Object.assign(process.env, { PATH }, FARGATE_CTL_SCRATCH && { FARGATE_CTL_SCRATCH }))
  process.env.PATH = `${older.folder}:${PATH}`
  delete process.env.FARGATE_CTL_SCRATCH
  t.equal((await run('terraform', [])).stdout, 'older')
  findProject(folder)
  t.equal((await run('terraform', [])).stdout, 'installed')
  t.equal((await run(join(older.folder, 'terraform'), [])).stdout, 'older', 'a program that is named by its path is that program')
})

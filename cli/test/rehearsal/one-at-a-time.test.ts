import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { oneAtATime } from '../../src/rehearsal/one-at-a-time.ts'

t.test('a second one is refused, in a folder of its own it is not', async (t) => {
  const [one, other] = [1, 2].map(() => mkdtempSync(join(tmpdir(), 'fargate-ctl-one-'))) as [string, string]
  t.teardown(() => [one, other].forEach((folder) => rmSync(folder, { recursive: true })))
  const result = await oneAtATime(one, async () => {
    await t.rejects(oneAtATime(one, async () => 'second'), { message: 'Another rehearsal is at work in this folder.', exitCode: 6 })
    return oneAtATime(other, async () => 'in a copy')
  })
  t.equal(result, 'in a copy')
  await t.rejects(oneAtATime(one, () => Promise.reject(new Error('failed'))), { message: 'failed' })
  t.equal(await oneAtATime(one, async () => 'later'), 'later')
})

t.test('one that was killed is no obstacle, in a long path neither', async (t) => {
  const folder = join(mkdtempSync(join(tmpdir(), 'fargate-ctl-one-')), 'long'.repeat(30))
  const module = JSON.stringify(new URL('../../src/rehearsal/one-at-a-time.ts', import.meta.url).href)
  const script = `const { oneAtATime } = await import(${module}); await oneAtATime(process.argv[1], () => new Promise(() => { console.log('at work'); setInterval(() => 0, 1000) }))`
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', script, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')
  await t.rejects(oneAtATime(folder, async () => 'second'), /at work/)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  t.equal(await oneAtATime(folder, async () => 'after it'), 'after it')
})

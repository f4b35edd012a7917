import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { withLock } from '../../setup/lock.mjs'
import { setupScene as scene } from '../support/setup-scene.ts'

t.test('of two set-ups at once, one works and the other finds it done', async (t) => {
  const { setup, installs } = scene(t)
  const both = await Promise.all([1, 2].map(() => setup(['--for', 'rehearse'], { FAKE_NPM_MS: '800' })))
  t.same(both.map(({ exitCode }) => exitCode), [0, 0])
  t.equal(both.filter(({ stderr }) => stderr.includes('another set-up of this clone is at work')).length, 1)
  t.equal(installs().filter(([name]) => name === 'npm').length, 1)
})

t.test('one at a time, and the lock is gone afterwards, also after a failure', async (t) => {
  const lock = join(t.testdir({}), 'deep', 'lock')
  let working = 0
  const work = async () => {
    t.equal(++working, 1)
    await sleep(50)
    working--
  }
  await Promise.all([withLock(lock, () => {}, work), withLock(lock, () => {}, work)])
  await t.rejects(withLock(lock, () => {}, () => Promise.reject(new Error('broken'))), { message: 'broken' })
  t.notOk(existsSync(lock))
})

t.test('a lock whose owner has died is no obstacle', async (t) => {
  const lock = join(t.testdir({}), 'lock')
  mkdirSync(lock)
  writeFileSync(join(lock, 'pid'), String(spawnSync(process.execPath, ['--version']).pid))
  t.equal(await withLock(lock, () => {}, async () => 'done'), 'done')
})

t.test('nor is one whose owner died before saying who it was', async (t) => {
  const lock = join(t.testdir({}), 'lock')
  mkdirSync(lock)
  utimesSync(lock, new Date(0), new Date(0))
  t.equal(await withLock(lock, () => {}, async () => 'done'), 'done')
})

import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { hashFiles, isStamped, stamp } from '../../setup/stamps.mjs'

t.test('a stamp holds for the same inputs only', async (t) => {
  const file = join(t.testdir({}), 'deep', 'stamp')
  t.equal(await isStamped(file, 'a'), false)
  await stamp(file, 'a')
  t.equal(await isStamped(file, 'a'), true)
  t.equal(await isStamped(file, 'b'), false)
})

t.test('a hash changes with contents and names, wherever the folder lies', async (t) => {
  const folder = t.testdir({ one: { a: 'x', deep: { b: 'y' } }, two: { a: 'x', deep: { b: 'y' } } })
  const hash = (name: string) => hashFiles([join(folder, name)])
  const first = await hash('one')
  t.equal(await hash('two'), first)
  writeFileSync(join(folder, 'two/deep/b'), 'z')
  t.not(await hash('two'), first)
  renameSync(join(folder, 'one/a'), join(folder, 'one/c'))
  t.not(await hash('one'), first)
  await t.rejects(hash('three'), { code: 'ENOENT' })
})

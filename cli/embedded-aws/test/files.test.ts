// What is kept on disk, when the disk is full.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import { writeJson } from '../src/files.ts'
import { openStore } from '../src/state.ts'

const isRoot = process.platform === 'linux' && process.getuid?.() === 0

t.test('on a full disk the file of before stays, and it is said until there is room again', { skip: !isRoot && 'needs root, for a file system that is full' }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'embedded-aws-full-'))
  mkdirSync(join(folder, 'disk'))
  await execa('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', join(folder, 'disk')])
  t.teardown(async () => {
    await execa('umount', [join(folder, 'disk')])
    rmSync(folder, { recursive: true })
  })
  const file = join(folder, 'disk', 'ecs.json')
  const store = openStore(file, () => undefined)
  store.state.ports.first = 1
  store.save()
  await store.flush()
  const before = readFileSync(file, 'utf8')

  writeFileSync(join(folder, 'disk', 'filler'), Buffer.alloc(56 * 1024))
  await t.rejects(writeJson(file, { filler: 'x'.repeat(20_000) }), { message: `The disk is full: ${file} was not saved.`, fix: /Make room/ })
  store.state.tags.many = [{ key: 'k', value: 'x'.repeat(20_000) }]
  store.save()
  await store.flush()
  t.match(store.trouble(), /The disk is full: .+ENOSPC/)
  t.equal(readFileSync(file, 'utf8'), before)
  t.same(readdirSync(join(folder, 'disk')).toSorted(), ['ecs.json', 'filler'])

  rmSync(join(folder, 'disk', 'filler'))
  await store.flush()
  t.equal(store.trouble(), undefined)
  t.match(JSON.parse(readFileSync(file, 'utf8')), { tags: { many: [{ key: 'k' }] } })
})

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { program } from '../../setup/steps/program.mjs'
import { machine, setupScene as scene } from '../support/setup-scene.ts'

t.test('a terraform that is too old, or does not say what it is, is not used', async (t) => {
  for (const says of ['{ "terraform_version": "1.10.5" }', '{ "terraform_version": "0.15.0" }', 'hello', '{ broken']) {
    const { setup } = scene(t, { ...machine, terraform: `say(${JSON.stringify(says)})` })
    const { exitCode, stderr } = await setup(['--for', 'rehearse', '--check'])
    t.equal(exitCode, 4, stderr)
    t.match(stderr, /✖ terraform +missing/, says)
  }
})

t.test('a newer one is', async (t) => {
  for (const version of ['1.11.0', '1.12.2', '2.0.0']) {
    const { setup } = scene(t, { ...machine, terraform: `say('Some warning'); say('{ "terraform_version": "${version}" }')` })
    t.match((await setup(['--for', 'rehearse', '--check'])).stderr, `✔ terraform            ${version} on PATH`)
  }
})

t.test('what an earlier version of this project installed is not taken for the pinned one', async (t) => {
  const { setup, scratch } = scene(t, { ...machine, terraform: undefined })
  mkdirSync(join(scratch, 'tools/bin'), { recursive: true })
  writeFileSync(join(scratch, 'tools/bin/terraform'), '', { mode: 0o755 })
  t.match((await setup(['--for', 'rehearse', '--check'])).stderr, /✖ terraform +missing/)
})

t.test('a release is unpacked, whatever it is packed in', async (t) => {
  const folder = t.testdir({ tool: '#!/bin/sh\necho 1.2.3\n' })
  execFileSync('tar', ['-czf', 'tool.tar.gz', 'tool'], { cwd: folder })
  execFileSync('python3', ['-m', 'zipfile', '-c', 'tool.zip', 'tool'], { cwd: folder })
  for (const file of ['tool', 'tool.tar.gz', 'tool.zip']) {
    await t.test(file, async (t) => {
      const { step, context, tools } = await releaseOf(t, file, readFileSync(join(folder, file)))
      t.equal(await step.find(context), undefined)
      await step.install?.(context)
      t.equal(execFileSync(join(tools, 'bin', 'tool'), { encoding: 'utf8' }), '1.2.3\n')
      t.equal(await step.find(context), '1.2.3')
      t.same(readdirSync(tools), ['bin', 'stamps'], 'nothing else is left')
    })
  }
})

t.test('a download that is not what its checksum promises is refused, and nothing is kept', async (t) => {
  const { step, context, tools } = await releaseOf(t, 'tool', Buffer.from('something else'), 'a'.repeat(64))
  await t.rejects(Promise.resolve(step.install?.(context)), { message: /\/tool has the sha256 [0-9a-f]{64} and not a{64}; nothing was installed/ })
  t.same(readdirSync(tools), ['bin'])
  t.notOk(existsSync(join(tools, 'bin', 'tool')))
})

t.test('a release that its host refuses to give, or that there is none of', async (t) => {
  const refused = await releaseOf(t, 'elsewhere', Buffer.from(''))
  await t.rejects(Promise.resolve(refused.step.install?.(refused.context)), { message: /\/elsewhere answers 404/ })
  const none = program('tool', { ...refused.pin, files: {} })
  await t.rejects(Promise.resolve(none.install?.(refused.context)), { message: /there is no release of tool for/ })
})

/** A program whose release a server here holds, except for the file `elsewhere`. */
async function releaseOf(t: Test, file: string, content: Buffer, sha256 = createHash('sha256').update(content).digest('hex')) {
  const server = createServer((asked, answer) => answer.writeHead(asked.url?.endsWith('/elsewhere') ? 404 : 200).end(content))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const releases = `http://127.0.0.1:${(server.address() as AddressInfo).port}/1.2.3`
  const pin = { version: '1.2.3', asks: ['--version'], releases, files: { [`${process.platform}-${process.arch}`]: [file, sha256] as [string, string] } }
  const tools = join(t.testdir({}), 'tools')
  const context = { root: '', scratch: '', tools, checkOnly: false, say: () => undefined }
  return { pin, tools, context, step: program('tool', pin) }
}

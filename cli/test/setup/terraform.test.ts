import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { terraform } from '../../setup/steps/terraform.mjs'
import { machine, setupScene as scene } from '../support/setup-scene.ts'

t.test('one that is too old, or does not say what it is, is not used', async (t) => {
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
    t.match((await setup(['--for', 'rehearse', '--check'])).stderr, `✔ terraform            ${version}`)
  }
})

t.test('what an earlier version of this project installed is not taken for the pinned one', async (t) => {
  const { setup, scratch } = scene(t, { ...machine, terraform: undefined })
  mkdirSync(join(scratch, 'tools/bin'), { recursive: true })
  writeFileSync(join(scratch, 'tools/bin/terraform'), '', { mode: 0o755 })
  t.match((await setup(['--for', 'rehearse', '--check'])).stderr, /✖ terraform +missing/)
})

/** Installs into a folder of its own from releases that answer as given. */
async function install(t: Test, answer: (url: string) => Response | Error) {
  const { fetch } = globalThis
  globalThis.fetch = async (url) => {
    const response = answer(String(url))
    if (response instanceof Error) throw response
    return response
  }
  t.teardown(() => void (globalThis.fetch = fetch))
  const folder = t.testdir({})
  const tools = join(folder, 'tools')
  const context = { root: folder, scratch: folder, tools, checkOnly: false, say: () => {} }
  return { tools, installed: terraform.install?.(context) }
}

t.test('a download that is not what its checksum promises is refused, and nothing is kept', async (t) => {
  const wrong = createHash('sha256').update('something else').digest('hex')
  const { tools, installed } = await install(t, (url) =>
    new Response(url.endsWith('SHA256SUMS') ? `${wrong}  terraform_1.11.4_linux_amd64.zip\n` : 'archive'),
  )
  await t.rejects(Promise.resolve(installed), { message: /terraform_.*\.zip is not what its SHA256SUMS promise/ })
  t.notOk(existsSync(tools))
})

t.test('releases that are out of reach, or refuse', async (t) => {
  await t.rejects(Promise.resolve((await install(t, () => new TypeError('fetch failed'))).installed), { message: /releases\.hashicorp\.com\S+ is out of reach/ })
  await t.rejects(Promise.resolve((await install(t, () => new Response('', { status: 403 }))).installed), { message: /answers 403/ })
})

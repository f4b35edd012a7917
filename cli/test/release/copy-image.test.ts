import { readdirSync } from 'node:fs'
import t, { type Test } from 'tap'
import { copyImage } from '../../src/release/copy-image.ts'
import { startFakeRegistry, storeImage, type FakeRepository } from '../support/fake-registry.ts'

process.env.TMPDIR = t.testdir({})
const say = () => {}

async function registries(t: Test) {
  const [here, there] = await Promise.all([startFakeRegistry(), startFakeRegistry()])
  t.teardown(() => (here.close(), there.close()))
  const webapp: FakeRepository = { blobs: {}, manifests: {} }
  here.repositories.webapp = webapp
  return { here, there, webapp }
}

t.test('to another registry: the same digests, nothing twice, and nothing is left on disk', async (t) => {
  const { here, there, webapp } = await registries(t)
  const digest = storeImage(webapp, ['linux/amd64', 'linux/arm64'])
  await copyImage(digest, here.repository('webapp'), there.repository('prod/webapp'), 'v1', say)
  t.same(there.repositories['prod/webapp']?.manifests, { ...webapp.manifests, v1: webapp.manifests[digest] })
  t.same(there.repositories['prod/webapp']?.blobs, webapp.blobs)
  t.equal(here.calls.filter((call) => call.startsWith('GET webapp blobs')).length, 5, 'the layer that both platforms have is read once')
  there.calls.length = 0
  await copyImage(digest, here.repository('webapp'), there.repository('prod/webapp'), 'v2', say)
  t.same(there.calls.filter((call) => !/^(HEAD|PUT \S+ manifests)/.test(call)), [], 'what is there is not sent again')
  t.same(readdirSync(process.env.TMPDIR ?? ''), [])
})

t.test('within a registry: layers are taken over, and sent where that is not offered', async (t) => {
  const { here, webapp } = await registries(t)
  const digest = storeImage(webapp, ['linux/amd64'])
  const copy = (name: string) => copyImage(digest, here.repository('webapp'), here.repository(name), 'v1', say)
  await copy('prod')
  t.same(here.repositories.prod?.blobs, webapp.blobs)
  t.notOk(here.calls.some((call) => /^(GET webapp blobs|PUT prod blobs)/.test(call)), 'no layer moves')
  here.mounts = false
  await copy('qa')
  t.same(here.repositories.qa?.blobs, webapp.blobs)
})

t.test('what passes is tried again; what was cut off or is another content is never stored', async (t) => {
  const { here, there, webapp } = await registries(t)
  const digest = storeImage(webapp, ['linux/amd64'])
  const copy = () => copyImage(digest, here.repository('webapp'), there.repository('webapp'), 'v1', say)
  const seen = new Set<string>()
  here.fault = (call) => (call.startsWith('GET webapp blobs') && !seen.has(call) ? (seen.add(call), 'cut') : undefined)
  there.fault = (call) => (call.startsWith('PUT') && !seen.has(call) ? (seen.add(call), 503) : undefined)
  await copy()
  t.same(there.repositories.webapp?.blobs, webapp.blobs)

  here.fault = (call) => (call.includes('manifests') ? 403 : undefined)
  await t.rejects(copy(), { message: /^GET .*: 403/ })
  here.fault = () => undefined
  const [name = ''] = Object.keys(webapp.manifests)
  if (webapp.manifests[name]) webapp.manifests[name].bytes = Buffer.from('{}')
  await t.rejects(copy(), { message: /the registry sent sha256/ })
})

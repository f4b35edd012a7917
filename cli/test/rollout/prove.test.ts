import t from 'tap'
import type { Release } from '../../src/release/release.ts'
import { containerOf, shownBy } from '../../src/rollout/prove.ts'
import { digest, otherDigest } from '../support/fake-service.ts'

const release: Release = { repository: 'r/webapp', tag: 'v1', digest, platform: 'linux/amd64', version: '1.2.3', commit: null }
const expected = { release, digests: new Set([digest]) }
const none = { version: null, tag: null, digest: null }

t.test('what of an answer is the release\'s: the digest decides, then the tag, then the version', async (t) => {
  t.equal(shownBy({ version: { version: '9', tag: 'v9', digest } }, expected), 'digest')
  t.equal(shownBy({ version: { version: '1.2.3', tag: 'v1', digest: otherDigest } }, expected), undefined)
  t.equal(shownBy({ version: { ...none, tag: 'v1', version: '9' } }, expected), 'tag')
  t.equal(shownBy({ version: { ...none, tag: 'v2', version: '1.2.3' } }, expected), undefined)
  t.equal(shownBy({ version: { ...none, version: '1.2.3' } }, expected), 'version')
  t.equal(shownBy({ version: { ...none, version: '1.2.4' } }, expected), undefined)
  t.equal(shownBy({ version: { ...none, version: '1' } }, { ...expected, release: { ...release, version: null } }), 'health')
  t.equal(shownBy({ healthStatus: 204, path: '/up' }, expected), 'health')
  t.equal(shownBy({ healthStatus: 302, path: '/up' }, expected), undefined)
  t.equal(shownBy({ nothing: 'ECONNREFUSED' }, expected), undefined)
})

t.test("the app's container is found by name, never by its place", async (t) => {
  t.equal(containerOf({ loadBalancers: [{ containerName: 'proxy' }] }, 'app'), 'app')
  t.equal(containerOf({ loadBalancers: [{ containerName: 'web' }, { containerName: 'web' }] }, undefined), 'web')
  t.equal(containerOf({ loadBalancers: [{ containerName: 'web' }, { containerName: 'api' }] }, undefined), undefined)
  t.equal(containerOf({}, undefined), undefined)
})

import { readFileSync } from 'node:fs'
import t from 'tap'
import { receiptSchema, renderReceiptSchema, type Receipt } from '../../../src/rollout/receipt/receipt.ts'
import { renderReport } from '../../../src/rollout/receipt/report.ts'
import { digest } from '../../support/fake-service.ts'

const failed: Receipt = {
  version: 1,
  id: '1f0c3a5b',
  command: 'deploy',
  startedAt: '2026-11-25T21:04:09.000Z',
  endedAt: '2026-11-25T21:04:59.000Z',
  by: { who: 'ann@laptop', identity: 'arn:aws:iam::123456789012:user/ann', run: null, fargateCtl: '0.1.0' },
  target: { account: '123456789012', region: 'eu-central-1', name: 'webapp', env: 'dev', state: 's3://state-bucket/webapp/dev/terraform.tfstate' },
  checkout: { commit: null, dirty: [] },
  release: { repository: 'r/webapp', tag: 'v1', digest, platform: null, version: null, commit: null },
  before: null,
  taskDefinition: null,
  service: null,
  url: null,
  variables: { values: { memory: 512 }, sensitive: ['token'] },
  changes: { create: [], update: ['module.ecs.b'], replace: [], destroy: [] },
  stages: [{ name: 'terraform apply', startedAt: '2026-11-25T21:04:10.000Z', seconds: 9 }],
  deployment: null,
  timeline: [{ at: '2026-11-25T21:04:20.000Z', kind: 'event', text: 'has started 2 tasks' }],
  stops: [],
  outcome: { kind: 'failed', exitCode: 5, message: 'The new tasks do not serve.', cause: 'log: <script>alert(1)</script>', fix: 'Read the log.' },
}

t.test('the JSON Schema in the repository is that of the receipts', async (t) => {
  const written = readFileSync(new URL('../../../src/rollout/receipt/receipt.schema.json', import.meta.url), 'utf8')
  t.equal(written, renderReceiptSchema(), 'written anew by `npm run reference`')
})

t.test('no receipt says proved without the proof', async (t) => {
  t.ok(receiptSchema.safeParse(failed).success)
  t.notOk(receiptSchema.safeParse({ ...failed, outcome: { kind: 'proved', version: '1.0.0' } }).success)
  t.notOk(receiptSchema.safeParse({ ...failed, outcome: { ...failed.outcome, kind: 'proved' } }).success)
})

t.test('the report is one page that loads nothing, escapes what it tells, and begins with what failed', async (t) => {
  const page = await renderReport(failed)
  t.notMatch(page, /<(link|script|img|iframe)|url\(|@import/)
  t.match(page, 'log: &lt;script&gt;')
  t.match(page, /FAILED after 50\.0 s[^]*The new tasks do not serve\.[^]*Do: Read the log\.[^]*<svg/)
  t.match(page, 'sensitive; not kept')
  t.match(page, '.verdict > *', 'the style is no text to escape')
})

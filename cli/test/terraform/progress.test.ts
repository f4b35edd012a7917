import t from 'tap'
import type { Receipt } from '../../src/rollout/receipt/receipt.ts'
import { usualApply } from '../../src/rollout/usual.ts'
import { followApply } from '../../src/terraform/progress.ts'
import type { Message } from '../../src/terraform/terraform.ts'

const message = (type: string, addr: string, seconds?: number): Message => ({ type, '@level': 'info', '@message': '', hook: { resource: { addr }, elapsed_seconds: seconds } })
const changes = { create: ['aws_lb.this', 'a', 'b'], update: [], replace: ['c'], destroy: [] }
const receipt = (seconds: number, slow: number, more: Partial<Receipt> = {}): Receipt =>
  ({ outcome: { kind: 'proved' }, changes, stages: [{ name: 'terraform apply', seconds }], slow: [{ address: 'aws_lb.this', seconds: slow }], ...more }) as Receipt

t.test('an apply says how far it is, and what is slow with the time it takes as a rule', async (t) => {
  const said: string[] = []
  const plan = { changes: [...changes.create.map((address) => ({ address, action: 'create' })), { address: 'c', action: 'replace' }, { address: 'd', action: 'no-op' }] }
  const failed = receipt(9, 9, { outcome: { kind: 'failed' } as Receipt['outcome'] })
  const other = receipt(1, 59, { changes: { ...changes, create: ['a'] } })
  const usual = usualApply([failed, other, receipt(70, 61), receipt(74, 60), receipt(73, 61)], changes, 'terraform apply')
  const { onMessage, slow } = followApply(plan, (text) => said.push(text), usual)
  const tell = (...given: Parameters<typeof message>) => (onMessage(message(...given)), said.at(-1))
  t.equal(tell('apply_complete', 'a', 1), '1 of 4 done, usually 73 s')
  t.equal(tell('apply_complete', 'c', 1), '1 of 4 done, usually 73 s', 'a replacement is done when it is destroyed and created')
  t.equal(tell('apply_complete', 'c', 1), '2 of 4 done, usually 73 s')
  t.equal(tell('apply_complete', 'data.aws_region.this', 1), '2 of 4 done, usually 73 s', 'what is only read does not count')
  t.equal(tell('apply_progress', 'aws_lb.this', 40), '2 of 4 done, usually 73 s, aws_lb.this 40 s (usually 61 s)')
  tell('apply_progress', 'b', 10)
  t.equal(tell('apply_complete', 'b', 12), '3 of 4 done, usually 73 s, aws_lb.this 40 s (usually 61 s)')
  t.equal(tell('apply_complete', 'aws_lb.this', 62), '4 of 4 done, usually 73 s')
  t.strictSame(slow, [{ address: 'b', seconds: 12 }, { address: 'aws_lb.this', seconds: 62 }])
})

t.test('without a deployment like it, nothing is called usual', async (t) => {
  t.strictSame(usualApply([], changes, 'terraform apply').all, undefined)
  t.strictSame(usualApply([receipt(70, 61, { changes: { ...changes, destroy: ['x'] } })], changes, 'terraform apply').all, undefined)
})

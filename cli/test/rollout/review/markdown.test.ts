import t from 'tap'
import { colorsFor } from '../../../src/platform/terminal/colors.ts'
import { formatMarkdown } from '../../../src/rollout/review/markdown.ts'
import { formatReview } from '../../../src/rollout/review/pretty.ts'
import { reviewPlan } from '../../../src/rollout/review/review.ts'
import type { PlanContent } from '../../../src/terraform/plan/read-plan.ts'
import { root } from '../../support/cli.ts'
import { readRecorded } from '../../support/plans/read.ts'

const release = { repository: 'r/webapp', tag: 'v2', digest: `sha256:${'b'.repeat(64)}`, platform: null, version: null, commit: null }
const review = (content: PlanContent, isEmpty = false) => reviewPlan(content, release, isEmpty, root)
const plain = colorsFor({}, false)

t.test('a new image is a low risk: nothing is lost with the old revision', async (t) => {
  const seen = await review(readRecorded('new-image'))
  t.match(seen, { risk: 'low', counts: { create: 0, update: 1, replace: 1, destroy: 0 }, notices: [] })
  for (const text of [formatMarkdown(seen, null), formatReview(seen, plain)]) {
    t.match(text, '+0 ~1 -/+1 -0, risk: low')
    t.match(text, /app`?: `?25c4cb2048ba594b \(sha256:e4e49de77ca1…, commit 1111111\)`? → `?v2 \(sha256:bbbbbbbbbbbb…, commit 2222222\)/)
    t.match(text, 'the commits between are unknown')
    t.notMatch(text, 'Destroyed or replaced')
  }
})

t.test('a new network is a high risk: what is lost, why, and what will be noticed stand first', async (t) => {
  const text = formatMarkdown(await review(readRecorded('new-network')), null)
  const order = ['risk: high', '#### Destroyed or replaced', '`-/+ module.vpc.aws_vpc.this`: forced by `cidr_block`', '#### What will be noticed', 'The log group goes with all its logs', '#### Differences', '<details><summary><code>-/+', '#### Seal']
  const places = order.map((part) => text.indexOf(part))
  t.ok(places.every((place) => place >= 0), order[places.indexOf(-1)] ?? 'all there')
  t.same(places, places.toSorted((a, b) => a - b), 'in this order')
})

t.test('a plan that is too much for GitHub is cut by importance, and says of what', async (t) => {
  const content = readRecorded('new-network')
  const many = Array.from({ length: 700 }, (_, index) => ({ address: `aws_x.new[${index}]`, type: 'aws_x', action: 'create' as const, previousAddress: null, importing: null, forcedBy: [], differences: [{ path: 'name', before: null, after: JSON.stringify('`'.repeat(3) + 'x'.repeat(200)) }] }))
  const wide = { ...many[0]!, address: 'aws_x.wide', action: 'update' as const, differences: Array.from({ length: 500 }, (_, index) => ({ path: `a${index}`, before: '1', after: JSON.stringify('y'.repeat(2000)) })) }
  const text = formatMarkdown(await review({ ...content, resources: [...many, wide, ...content.resources] }), null)
  t.ok(text.length <= 65_536, `${text.length} characters`)
  t.ok(text.length > 50_000, 'no more is left out than has to be')
  t.match(text, /_Left out, because GitHub takes no more: \d+ differences \(create\)\. `fargate-ctl plan` shows them all\._/)
  t.match(text, '`-/+ module.vpc.aws_vpc.this`: forced by')
  t.match(text, 'aws_x.wide')
  t.match(text, /# \d+ more lines/)
  t.match(text, '#### Seal')
  const lost = Array.from({ length: 3000 }, (_, index) => ({ ...many[0]!, address: `aws_x.gone[${index}]`, action: 'destroy' as const, differences: [] }))
  const losses = formatMarkdown(await review({ ...content, resources: lost }), null)
  t.ok(losses.length <= 65_536)
  t.match(losses, /Left out[^\n]*\d losses/)
})

t.test('what commits and addresses say does nothing in a comment', async (t) => {
  const content = readRecorded('new-image')
  const seen = await review(content)
  const text = formatMarkdown({ ...seen, images: seen.images.map((each) => ({ ...each, commits: { lines: ['abc1234 Thank @everyone for <img src=x> #1'], more: 3 } })) }, null)
  t.notMatch(text, '@everyone')
  t.notMatch(text, '<img')
  t.match(text, 'the newest 1 of 4 commits:')
})

t.test('nothing to change', async (t) => {
  const seen = await review({ resources: [], drift: [], outputs: [], images: [] }, true)
  t.match(formatReview(seen, plain), /^No changes/)
  t.equal(seen.risk, 'none')
})

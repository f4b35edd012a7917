import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { describeCost, estimateCost } from '../../../src/terraform/cost/estimate.ts'
import prices from '../../../src/terraform/cost/prices.json' with { type: 'json' }
import { defaultAssumptions, isFree, pricers, taskHour } from '../../../src/terraform/cost/resources.ts'
import { root } from '../../support/cli.ts'

const created = (type: string, after: object, address = `${type}.this`) => ({ address, type, change: { before: null, after } })
const usd = (changes: object[], assumed = {}) => Number(estimateCost(changes, { ...defaultAssumptions, ...assumed }).usd.toFixed(2))

t.test("AWS's published examples", (t) => {
  // https://aws.amazon.com/fargate/pricing/: a task of 1 vCPU and 2 GB, 10 minutes a day for 30 days.
  t.equal(Number((taskHour({ cpu: 1024, memory: 2048, arm: false }) * 5).toFixed(2)), 0.25)
  // https://aws.amazon.com/vpc/pricing/: an hour of a NAT gateway, and a GB through it.
  t.equal(usd([created('aws_nat_gateway', {})], { hours: 1, trafficGb: 1 }), 0.09)
  // https://aws.amazon.com/waf/pricing/: a web ACL with 19 rules and 10 million requests.
  t.equal(usd([created('aws_wafv2_web_acl', { rule: Array.from({ length: 19 }, () => ({})) })], { requests: 10_000_000 }), 30)
  t.end()
})

t.test('a service costs its tasks, by their size and architecture; what moves or is not known is said', (t) => {
  const task = (arm: boolean) => created('aws_ecs_task_definition', { family: 'web', cpu: '256', memory: '512', runtime_platform: [{ cpu_architecture: arm ? 'ARM64' : 'X86_64' }] })
  const service = (more = {}) => created('aws_ecs_service', { desired_count: 2, ...more })
  t.equal(usd([service(), task(false)]), 18.02)
  t.equal(usd([service(), task(true)]), 14.42)
  const [spot] = estimateCost([service({ capacity_provider_strategy: [{ capacity_provider: 'FARGATE_SPOT', weight: 1 }] }), task(false)]).resources
  t.match(spot?.parts, [{ what: /at the price of FARGATE/ }, { what: /SPOT/, usd: null }])
  const [unknown] = estimateCost([service()]).resources
  t.match(unknown?.parts, [{ usd: null }])
  t.same(estimateCost([created('aws_opensearch_domain', {})]).unpriced, ['aws_opensearch_domain'])
  t.end()
})

t.test('a change is what is after it less what was before', (t) => {
  const gone = { address: 'aws_nat_gateway.b', type: 'aws_nat_gateway', change: { before: {}, after: null } }
  const stays = { address: 'aws_lb.this', type: 'aws_lb', change: { before: { subnets: ['a', 'b'] }, after: { subnets: ['a', 'b'] } } }
  const cost = estimateCost([gone, stays])
  t.equal(cost.change.toFixed(2), '-33.30')
  t.match(describeCost(cost), /^about 23\.\d\d USD a month \(−33\.30\), by list prices of us-east-1 as of \d{4}-\d\d-\d\d$/)
  t.match(describeCost(estimateCost([stays])), /\(no change\)/)
  t.end()
})

t.test('every price has its unit and a page of AWS; every type in infrastructure/ is priced or free', (t) => {
  t.match(prices.date, /^\d{4}-\d\d-\d\d$/)
  for (const [name, { usd: price, unit, source }] of Object.entries(prices.prices)) {
    t.ok(price > 0 && unit !== '' && /^https:\/\/aws\.amazon\.com\/[a-z0-9-]+\/pricing\/$/.test(source), name)
  }
  const folder = join(root, 'infrastructure')
  const files = [...readdirSync(folder), ...readdirSync(join(folder, 'bootstrap')).map((name) => join('bootstrap', name))].filter((name) => name.endsWith('.tf'))
  const types = new Set(files.flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/^resource "(\w+)"/gm)].map(([, type = '']) => type)))
  t.ok(types.size > 20)
  t.same([...types].filter((type) => !pricers[type] && !isFree(type)), [])
  t.end()
})

import t from 'tap'
import { groupDrift } from '../../../src/terraform/plan/group-drift.ts'
import { findDifferences } from '../../../src/terraform/plan/differences.ts'
import { readRecorded } from '../../support/plans/read.ts'

t.test('a plan of Terraform’s own resources: actions, what forces them, moves, imports, lists by key, nothing sensitive', (t) => {
  const { resources, drift, outputs } = readRecorded('built-in')
  const find = (address: string) => resources.find((each) => each.address === address)
  t.match(find('terraform_data.gone[0]'), { action: 'destroy', forcedBy: ['count is smaller'], differences: [] })
  t.match(find('terraform_data.replaced'), { action: 'replace', forcedBy: ['triggers_replace'] })
  t.match(find('terraform_data.new'), { action: 'none', previousAddress: 'terraform_data.old' })
  t.match(find('terraform_data.imported'), { importing: 'some-id' })
  t.same(find('terraform_data.web')?.differences.filter(({ path }) => path !== 'output'), [
    { path: 'input.password', before: '(sensitive value)', after: '(sensitive value)' },
    { path: 'input.policy.Statement[read].Action', before: null, after: '"s3:PutObject"' },
    { path: 'input.ports[admin].port', before: '81', after: '82' },
    { path: 'input.tag', before: '"v1"', after: '"v2"' },
  ])
  t.match(find('terraform_data.web')?.differences.find(({ path }) => path === 'output'), { after: '(known after apply)' })
  t.notMatch(JSON.stringify({ resources, outputs }), 'nobody-may-see', 'not even where the provider repeats it unmarked')
  t.same(outputs, [{ name: 'tag', action: 'update', differences: [{ path: 'tag', before: '"v1"', after: '"v2"' }] }])
  t.same(drift, [])
  t.end()
})

t.test('a new image: the containers by name, and what is known of the old one', (t) => {
  const { resources, images } = readRecorded('new-image')
  t.same(resources.map(({ type, action }) => [type, action]).sort(), [['aws_ecs_service', 'update'], ['aws_ecs_task_definition', 'replace']])
  const definition = resources.find(({ type }) => type === 'aws_ecs_task_definition')
  t.same(definition?.differences.map(({ path }) => path), ['environment[IMAGE_COMMIT].value', 'environment[IMAGE_TAG].value', 'image'].map((each) => `container_definitions[app].${each}`))
  t.match(images, [{ container: 'app', from: { tag: '25c4cb2048ba594b', commit: '1'.repeat(40) }, to: { tag: 'v2', commit: '2'.repeat(40), image: /@sha256:b{64}$/ } }])
  t.end()
})

t.test('drift: not what Terraform’s own resources made, and what is alike together', (t) => {
  const types = readRecorded('new-image').drift.map(({ type }) => type)
  t.notOk(types.some((type) => /route_table|iam_|target_group/.test(type)), 'routes and attachments are resources of their own')
  const { drift } = readRecorded('new-image', (plan) => {
    const [group] = plan.resource_drift.filter(({ type }) => type === 'aws_security_group')
    const after = group?.change.after as { ingress: object[] }
    after.ingress.push({ cidr_blocks: ['0.0.0.0/0'], from_port: 22, to_port: 22, protocol: 'tcp', self: false })
    const tagged = (address: string) => ({ address, mode: 'managed', type: 'aws_subnet', name: 'x', change: { actions: ['update'], before: { tags: {} }, after: { tags: { By: 'hand' } }, replace_paths: [] } })
    const gone = { ...tagged('aws_lb.gone'), change: { actions: ['delete'], before: {}, after: null, replace_paths: [] } }
    plan.resource_drift.push(tagged('aws_subnet.a'), tagged('aws_subnet.b'), gone)
  })
  const groups = groupDrift(drift)
  t.match(groups[0], { addresses: ['aws_lb.gone'], deleted: true })
  t.match(groups[1], { addresses: ['aws_subnet.a', 'aws_subnet.b'], differences: [{ path: 'tags.By', before: null, after: '"hand"' }] })
  const opened = groups.find(({ differences }) => differences.some(({ path, after }) => path.startsWith('ingress') && after === '22'))
  t.ok(opened, 'a rule that nobody configured is shown')
  t.end()
})

t.test('differences: sensitive and unknown parts, order, empty texts', (t) => {
  const find = (before: unknown, after: unknown, more: object = {}) =>
    findDifferences({ actions: ['update'], before, after, after_unknown: false, before_sensitive: false, after_sensitive: false, replace_paths: [], ...more })
  t.same(find({ a: '' }, { a: null }), [], 'an empty text is nothing')
  t.same(find({ a: ['x', 'y'] }, { a: ['y', 'z'] }), [{ path: 'a', before: '"x"', after: null }, { path: 'a', before: null, after: '"z"' }])
  t.same(find({ a: ['x', 'y'] }, { a: ['y', 'x'] }), [{ path: 'a', before: '["x","y"]', after: '["y","x"]' }])
  t.same(find({ a: [{ name: 'n', v: 1 }] }, { a: [] }), [{ path: 'a[n].name', before: '"n"', after: null }, { path: 'a[n].v', before: '1', after: null }])
  t.same(find({ a: 's1' }, { a: 's2' }, { before_sensitive: { a: true } }), [{ path: 'a', before: '(sensitive value)', after: '(sensitive value)' }], 'one sensitive side hides both')
  t.same(find({ a: '{"k":"s1"}' }, { a: '{"k":"s2"}' }, { after_sensitive: { a: true } })[0]?.after, '(sensitive value)')
  t.same(find({ a: 1 }, {}, { after_unknown: { a: true } }), [{ path: 'a', before: '1', after: '(known after apply)' }])
  t.same(find({ tags: { T: '1' }, tags_all: { T: '1' } }, { tags: { T: '2' }, tags_all: { T: '2' } }).map(({ path }) => path), ['tags.T'])
  t.end()
})

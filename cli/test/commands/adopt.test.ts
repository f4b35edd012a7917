import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runCli } from '../support/cli.ts'
import { deployScene, webapp } from '../support/deploy-scene.ts'

const own = { Project: 'webapp', Environment: 'dev', ManagedBy: 'terraform' }
const named = (Name: string) => ({ ...own, Name })
const create = (address: string, after: object) => ({ address, mode: 'managed', type: address.split('.').at(-2), name: 'this', change: { actions: ['create'], after } })
const plan = {
  format_version: '1.2',
  resource_changes: [
    create('module.vpc.aws_vpc.this', { tags_all: named('webapp-dev') }),
    create('module.vpc.aws_subnet.this', { tags_all: named('webapp-dev-private') }),
    create('aws_vpc_security_group_egress_rule.a', { tags_all: own }),
    create('aws_vpc_security_group_ingress_rule.b', { tags_all: own }),
    create('aws_iam_role.exec', { name: 'webapp-dev-exec' }),
    create('aws_iam_role.missing', { name: 'webapp-dev-task' }),
    create('aws_route.public', { destination_cidr_block: '0.0.0.0/0' }),
  ],
  prior_state: { values: { root_module: { resources: [{ type: 'aws_eip', values: { id: 'eipalloc-1' } }] } } },
}
const tagged = {
  'vpc-1': named('webapp-dev'),
  'subnet-1': named('webapp-dev-private'),
  'sgr-1': own,
  'nat-1': named('somebody made it by hand'),
  'eipalloc-1': named('in the state'),
  'vpc-2': { ...named('webapp-dev'), Environment: 'prod' },
}

async function scene(t: Test) {
  const { infrastructure, options, terraform } = await deployScene(t, { account: { ...webapp, tagged } })
  const shown = join(infrastructure, 'plan.json')
  writeFileSync(shown, JSON.stringify(plan))
  const adopt = (...args: string[]) => runCli(['adopt', ...args], options({ FAKE_SHOW: shown, FAKE_MISSING: 'webapp-dev-task' }))
  return { adopt, imported: () => terraform().filter(({ verb }) => verb === 'import').map(({ args }) => args?.slice(-2).join(' ')) }
}

t.test('what a killed apply has left is taken over by its tags or its name, and the rest is named', async (t) => {
  const { adopt, imported } = await scene(t)
  const { exitCode, stdout, stderr } = await adopt('--auto-approve', '--json')
  t.equal(exitCode, 0, stderr)
  t.same(imported(), ['module.vpc.aws_vpc.this vpc-1', 'module.vpc.aws_subnet.this subnet-1', 'aws_iam_role.exec webapp-dev-exec', 'aws_iam_role.missing webapp-dev-task'])
  t.match(JSON.parse(stdout), {
    adopted: [{ address: 'module.vpc.aws_vpc.this', id: 'vpc-1' }, { id: 'subnet-1' }, { id: 'webapp-dev-exec' }],
    unknown: [{ id: 'sgr-1', name: null }, { id: 'nat-1', name: 'somebody made it by hand' }],
  })
  t.equal(JSON.parse(stdout).adopted.length, 3, 'what does not exist is not there')
})

t.test('nothing is taken over unasked', async (t) => {
  const { adopt, imported } = await scene(t)
  const { exitCode, stderr } = await adopt()
  t.equal(exitCode, 2, stderr)
  t.match(stderr, 'There is no terminal to ask for approval.')
  t.same(imported(), [])
})

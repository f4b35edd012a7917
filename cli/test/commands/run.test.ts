import t from 'tap'
import { runCli, startCli } from '../support/cli.ts'
import { deployScene, digest, webapp } from '../support/deploy-scene.ts'
import type { FakeAccount, FakeInput } from '../support/fake-aws.ts'
import { deployedService, refusal, taskDefinition } from '../support/fake-service.ts'
import { until } from '../support/until.ts'

type Test = Parameters<typeof deployScene>[0]
const task = '7'.repeat(32)
const taskArn = `arn:aws:ecs:eu-central-1:123456789012:task/webapp-dev/${task}`
const definition = {
  taskDefinitionArn: taskDefinition(2),
  family: 'webapp',
  cpu: '256',
  memory: '512',
  networkMode: 'awsvpc',
  taskRoleArn: 'arn:aws:iam::123456789012:role/task',
  executionRoleArn: 'arn:aws:iam::123456789012:role/exec',
  containerDefinitions: [
    { name: 'app', image: 'webapp@sha256:old', entryPoint: ['/app'], healthCheck: { command: ['CMD', 'x'] }, portMappings: [{ containerPort: 8080 }], environment: [{ name: 'A', value: 'b' }], logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': '/g', 'awslogs-stream-prefix': 'ecs' } } },
    { name: 'sidecar', image: 'sidecar' },
  ],
}
const networkConfiguration = { awsvpcConfiguration: { subnets: ['subnet-a'], securityGroups: ['sg-a'], assignPublicIp: 'DISABLED' } }

/** A service, and a task that ends as given after a few looks; `asked` holds what was sent, by action. */
async function runScene(t: Test, { end = { exitCode: 0 } as object, looks = 2, answers = {} as FakeAccount['answers'] } = {}) {
  const asked: Record<string, FakeInput & Record<string, any>> = {}
  const note = (action: string, answer: object) => (_call: number, input: FakeInput) => ((asked[action] = input), answer)
  const service = { serviceName: 'webapp', taskDefinition: taskDefinition(2), networkConfiguration, capacityProviderStrategy: [{ capacityProvider: 'FARGATE', weight: 1 }], platformVersion: 'LATEST' }
  const base = deployedService()
  const describeTasks = base.DescribeTasks as (call: number, input: FakeInput) => object
  let polled = 0
  const ended = { stoppedAt: 1_790_000_000, stoppedReason: 'Essential container in task exited', containers: [{ name: 'app', ...end }, { name: 'sidecar', exitCode: 143 }] }
  const scene = await deployScene(t, {
    deployed: true,
    account: {
      ...webapp,
      answers: {
        ...base,
        DescribeServices: (call) => ({ services: [{ ...(base.DescribeServices as (call: number) => { services: object[] })(call).services[0], ...service }] }),
        DescribeTaskDefinition: { taskDefinition: definition },
        RegisterTaskDefinition: note('register', { taskDefinition: { taskDefinitionArn: 'arn:one-off' } }),
        DeregisterTaskDefinition: note('deregister', {}),
        RunTask: note('run', { tasks: [{ taskArn }] }),
        StopTask: note('stop', {}),
        DescribeTasks: (call, input) => (input.tasks?.[0] === taskArn ? { tasks: [{ taskArn, ...(++polled > looks ? { lastStatus: 'STOPPED', ...ended } : { lastStatus: 'RUNNING' }) }] } : describeTasks(call, input)),
        FilterLogEvents: { events: [{ eventId: 'a', timestamp: 1, logStreamName: `ecs/app/${task}`, message: 'migrated 3 tables' }] },
        ...answers,
      },
    },
  })
  return { ...scene, asked }
}

t.test('a task with the service’s image, network, roles and capacity, and a definition of its own that is taken away', async (t) => {
  const { options, asked } = await runScene(t)
  const { exitCode, stdout, stderr } = await runCli(['run', '--', 'node', 'migrate.js', '--all'], options())
  t.equal(exitCode, 0, stderr)
  t.equal(stdout, 'migrated 3 tables\n')
  const { healthCheck: _check, portMappings: _ports, ...app } = definition.containerDefinitions[0] as any
  const { taskDefinitionArn: _arn, ...rest } = definition
  t.same(asked.register, {
    ...rest,
    family: 'webapp-run',
    containerDefinitions: [{ ...app, entryPoint: ['node', 'migrate.js', '--all'], command: [], essential: true }, definition.containerDefinitions[1]],
  })
  t.match(asked.run, { cluster: 'webapp-dev', taskDefinition: 'arn:one-off', networkConfiguration, capacityProviderStrategy: [{ capacityProvider: 'FARGATE' }], startedBy: 'fargate-ctl' })
  t.match(asked.deregister, { taskDefinition: 'arn:one-off' })
  t.notOk(asked.stop)
})

t.test('ends with the command’s exit code, or says why there is none', async (t) => {
  const failed = await runScene(t, { end: { exitCode: 3 } })
  const result = await runCli(['run', '--json', '--', 'false'], failed.options())
  t.equal(result.exitCode, 3)
  t.match(JSON.parse(result.stdout), { task: taskArn, exitCode: 3, end: /^task 77777777 stopped at 2026-.*, exit 3: Essential container in task exited/ })
  t.match(result.stderr, 'migrated 3 tables')
  const never = await runScene(t, { end: { reason: 'CannotPullContainerError: pull access denied' } })
  t.match(await runCli(['run', '--', 'x'], never.options()), { exitCode: 5, stderr: /The command was never run: its task did not start\..*CannotPullContainerError.*fix: See that the image exists/s })
  t.ok(never.asked.deregister)
  const denied = await runScene(t, { answers: { RunTask: refusal('AccessDeniedException') } })
  t.match(await runCli(['run', '--', 'x'], denied.options()), { exitCode: 4, stderr: /ecs:RunTask/ })
  t.ok(denied.asked.deregister)
  const none = await runScene(t, { answers: { RunTask: { tasks: [], failures: [{ reason: 'RESOURCE:CPU' }] } } })
  t.match(await runCli(['run', '--', 'x'], none.options()), { exitCode: 5, stderr: /ECS did not start the task\..*RESOURCE:CPU/s })
  const unread = await runScene(t, { answers: { FilterLogEvents: refusal('AccessDeniedException') } })
  t.match(await runCli(['run', '--', 'x'], unread.options()), { exitCode: 0, stderr: /Its log cannot be shown: AWS does not allow/ })
})

t.test('stops the task when the time is over, and when it is interrupted', async (t) => {
  const late = await runScene(t, { looks: 1e6 })
  t.match(await runCli(['run', '--timeout', '1', '--', 'x'], late.options()), { exitCode: 5, stderr: /has not ended within 1 s; its task is stopped/ })
  t.match(late.asked.stop, { task: taskArn })
  t.ok(late.asked.deregister)
  const { options, asked } = await runScene(t, { looks: 1e6 })
  const cli = startCli(['run', '--', 'x'], options())
  await until('the log', () => cli.stdout().includes('migrated'))
  cli.child.kill('SIGINT')
  t.equal((await cli.ended).exitCode, 130)
  t.match(asked.stop, { task: taskArn })
  t.match(asked.deregister, { taskDefinition: 'arn:one-off' })
})

t.test('deploy --before runs it with the new image before the apply, and applies nothing when it fails', async (t) => {
  const { deploy, asked, terraform, aws } = await runScene(t)
  const flags = ['--tag', 'v1', '--auto-approve', '--before', 'node "migrate all.js"', '--lock-wait', '20']
  const result = await deploy(flags)
  t.equal(result.exitCode, 0, result.stderr)
  const [app] = asked.register?.containerDefinitions as { image: string; entryPoint: string[] }[]
  t.match(app?.image, new RegExp(`^127\\.0\\.0\\.1:\\d+/webapp@${digest}$`))
  t.same(app?.entryPoint, ['node', 'migrate all.js'])
  t.ok(terraform().filter(({ verb }) => ['plan', 'apply'].includes(verb ?? '')).every(({ args }) => args?.includes('-lock-timeout=20s')))
  t.match(result.stderr, /migrated 3 tables\n✔ Before: node migrate all\.js/)
  const failing = await runScene(t, { end: { exitCode: 1 } })
  t.match(await failing.deploy(flags), { exitCode: 5, stderr: /ended with exit code 1; nothing was applied/ })
  t.notOk(failing.terraform().some(({ verb }) => verb === 'apply'))
  t.match(await failing.deploy(flags, { FAKE_NO_SERVICE: '1' }), { exitCode: 2, stderr: /there is no service yet.*Deploy without --before first/s })
  const before = aws.calls.filter((call) => call === 'ecs RunTask').length
  await deploy(flags, { FAKE_PLAN: '{}' })
  t.equal(aws.calls.filter((call) => call === 'ecs RunTask').length, before, 'nothing to apply, nothing to run before it')
})
t.jobs = 4

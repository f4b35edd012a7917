// Tasks as real containers. Parameters: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
import { StopTaskCommand, type Task } from '@aws-sdk/client-ecs'
import t from 'tap'
import { z } from 'zod'
import { cpuArchitecture, docker } from '../support/engine.ts'
import { cluster, scope, scriptContainer, startEcs, type Container } from '../support/ecs.ts'
import { waitFor } from '../support/wait-for.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('engine', 'ministack')

const ecs = await startEcs(t, { image: true })
const group = '/tests/containers'
await ecs.createLogGroup(group)
const logConfiguration = {
  logDriver: 'awslogs' as const,
  options: { 'awslogs-group': group, 'awslogs-region': scope.region, 'awslogs-stream-prefix': 'tests' },
}
const logsOf = (task: Task, container = 'app') => ecs.logsOf(group, `tests/${container}/${task.taskArn?.split('/').at(-1)}`)
const script = (text: string, more: Partial<Container> = {}) => scriptContainer('app', text, { logConfiguration, ...more })
/** Ends at SIGTERM, so that nothing waits for stopTimeout. */
const forEver = 'process.on("SIGTERM", () => process.exit(0)); setInterval(() => {}, 1000)'
const container = (task: Task, name = 'app') => task.containers?.find((each) => each.name === name)

t.jobs = 4

t.test('environment, overrides, user, secrets and logs', { buffered: true }, async (t) => {
  await ecs.upstream.call(scope, 'ssm', 'PutParameter', { Name: '/tests/parameter', Value: 'from ssm', Type: 'SecureString' })
  const { ARN } = await ecs.upstream.read(z.object({ ARN: z.string() }), scope, 'secretsmanager', 'CreateSecret', {
    Name: 'tests/secret',
    SecretString: JSON.stringify({ password: 'from secrets manager' }),
  })
  const definition = await ecs.register('environment', [
    script(
      'console.log(JSON.stringify({ ...process.env, uid: process.getuid(), cwd: process.cwd() })); console.error("to stderr")',
      {
        user: '1234:1234',
        workingDirectory: '/usr',
        environment: [
          { name: 'GIVEN', value: 'a=b c' },
          { name: 'OVERRIDDEN', value: 'before' },
        ],
        secrets: [
          { name: 'PARAMETER', valueFrom: `arn:aws:ssm:${scope.region}:${scope.account}:parameter/tests/parameter` },
          { name: 'BY_NAME', valueFrom: '/tests/parameter' },
          { name: 'PASSWORD', valueFrom: `${ARN}:password::` },
        ],
      },
    ),
  ])
  const overrides = { containerOverrides: [{ name: 'app', environment: [{ name: 'OVERRIDDEN', value: 'after' }] }] }
  const task = await ecs.waitForTask(await ecs.runTask(definition, { overrides }), 'STOPPED')
  t.match(task, {
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    containers: [{ exitCode: 0, lastStatus: 'STOPPED', imageDigest: /^sha256:[0-9a-f]{64}$/, runtimeId: /^[0-9a-f]{64}/ }],
  })
  const lines = await logsOf(task)
  t.equal(lines.length, 2)
  t.ok(lines.includes('to stderr'), 'both streams are logged')
  t.match(JSON.parse(lines.find((line) => line.startsWith('{')) ?? '{}'), {
    GIVEN: 'a=b c',
    OVERRIDDEN: 'after',
    PARAMETER: 'from ssm',
    BY_NAME: 'from ssm',
    PASSWORD: 'from secrets manager',
    AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE',
    AWS_REGION: scope.region,
    uid: 1234,
    cwd: '/usr',
  })
})

t.test('of many lines the newest are kept', { buffered: true }, async (t) => {
  const print = 'for (let line = 1; line <= 23456; line++) console.log("line " + line)'
  const lines = await logsOf(await ecs.runToEnd('many', [script(print)]))
  t.ok(lines.length >= 5000 && lines.length <= 10_000, `${lines.length} lines`)
  t.same(lines, Array.from({ length: lines.length }, (_, index) => `line ${23456 - lines.length + 1 + index}`), 'in order, to the last')
})

t.test('a read-only root and tmpfs', { buffered: true }, async (t) => {
  const write = 'const w = (f) => { try { fs.writeFileSync(f, "x"); return "written" } catch (e) { return e.code } }; '
  const task = await ecs.runToEnd('read-only', [
    script(`${write} console.log(w("/file"), w("/scratch/file"))`, {
      readonlyRootFilesystem: true,
      linuxParameters: { tmpfs: [{ containerPath: '/scratch', size: 1 }] },
      // It ends the task, which must not keep the other from starting.
      dependsOn: [{ containerName: 'writable', condition: 'START' }],
    }),
    scriptContainer('writable', `${write} console.log(w("/file"))`, { logConfiguration, essential: false }),
  ])
  t.same(await logsOf(task), ['EROFS written'])
  t.same(await logsOf(task, 'writable'), ['written'])
})

t.test('out of memory: exit code 137 and its reason', { buffered: true }, async (t) => {
  const task = await ecs.runToEnd('memory', [script('const kept = []; for (;;) kept.push(Buffer.alloc(1e7, 1))', { memory: 96 })])
  t.match(container(task), { exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage', memory: '96' })
  t.equal(task.stoppedReason, 'Essential container in task exited')
})

// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html
t.test('StopTask: SIGTERM first, SIGKILL after stopTimeout', { buffered: true }, async (t) => {
  const polite = await ecs.runTask(
    await ecs.register('polite', [
      script(
        `process.on("SIGTERM", () => { console.log("SIGTERM"); process.exit(3) }); console.log("ready"); setInterval(() => {}, 1000)`,
      ),
    ]),
  )
  const deaf = await ecs.runTask(
    await ecs.register('deaf', [
      script(`process.on("SIGTERM", () => console.log("ignored")); console.log("ready"); setInterval(() => {}, 1000)`, {
        stopTimeout: 20,
      }),
    ]),
  )
  for (const task of [polite, deaf]) {
    const running = await ecs.waitForTask(task, 'RUNNING')
    await waitFor('the script is ready', async () => (await logsOf(running)).includes('ready'))
  }
  const { task } = await ecs.client.send(new StopTaskCommand({ cluster, task: polite, reason: 'enough' }))
  t.match(task, { desiredStatus: 'STOPPED', stopCode: 'UserInitiated', stoppedReason: 'enough' })
  const ended = await ecs.waitForTask(polite, 'STOPPED')
  t.match(ended, { stopCode: 'UserInitiated', stoppedReason: 'enough', containers: [{ exitCode: 3 }] })
  t.ok((await logsOf(ended)).includes('SIGTERM'))
  const before = performance.now()
  await ecs.client.send(new StopTaskCommand({ cluster, task: deaf }))
  const killed = await ecs.waitForTask(deaf, 'STOPPED')
  t.match(killed, { stoppedReason: 'Task stopped by user', containers: [{ exitCode: 137 }] })
  t.ok(performance.now() - before > 1900, 'twenty seconds at ten times the speed')
  t.ok((await logsOf(killed)).includes('ignored'))
})

// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
t.test('several containers: one network, dependsOn, essential', { buffered: true }, async (t) => {
  const log = (name: string, text: string, more: Partial<Container> = {}) =>
    scriptContainer(name, text, { logConfiguration, ...more })
  const task = await ecs.runToEnd('several', [
    log('first', 'console.log(Date.now()); setTimeout(() => {}, 300)', { essential: false }),
    log(
      'server',
      'console.log(Date.now()); process.on("SIGTERM", () => process.exit(0)); http.createServer((q, s) => s.end("hello")).listen(9000)',
      {
        essential: false,
        dependsOn: [{ containerName: 'first', condition: 'SUCCESS' }],
        healthCheck: {
          command: ['CMD', '/usr/local/bin/node', '-e', 'fetch("http://localhost:9000").then(() => 0, () => process.exit(1))'],
          interval: 5,
          timeout: 50,
        },
      },
    ),
    script('fetch("http://localhost:9000").then((r) => r.text()).then(console.log)', {
      dependsOn: [{ containerName: 'server', condition: 'HEALTHY' }],
    }),
  ])
  t.same(await logsOf(task), ['hello'])
  t.match(container(task, 'first'), { exitCode: 0 })
  t.equal(container(task, 'server')?.healthStatus, 'HEALTHY')
  t.equal(container(task)?.exitCode, 0)
  const [[first], [server]] = [await logsOf(task, 'first'), await logsOf(task, 'server')]
  t.ok(Number(server) - Number(first) >= 300, 'the server waited for the first')
})

t.test('a dependency that fails keeps the task from starting', { buffered: true }, async (t) => {
  const task = await ecs.runToEnd('failing-dependency', [
    scriptContainer('first', 'process.exit(9)', { essential: false }),
    script('console.log("started")', { dependsOn: [{ containerName: 'first', condition: 'SUCCESS' }] }),
  ])
  t.equal(task.stopCode, 'TaskFailedToStart')
  t.equal(container(task, 'first')?.exitCode, 9)
  t.equal(container(task)?.exitCode, undefined)
  t.same(await logsOf(task), [])
})

t.test('health of a container, and of the task', { buffered: true }, async (t) => {
  const check = 'process.exit(fs.existsSync("/tmp-bad") ? 1 : 0)'
  const arn = await ecs.runTask(
    await ecs.register('health', [
      script(`setTimeout(() => fs.writeFileSync("/tmp-bad", ""), 2000); ${forEver}`, {
        healthCheck: { command: ['CMD', '/usr/local/bin/node', '-e', check], interval: 5, timeout: 50, retries: 1 },
      }),
    ]),
  )
  const health = (status: string) =>
    waitFor(`task is ${status}`, async () => {
      const task = await ecs.describeTask(arn)
      return task.healthStatus === status && task
    })
  t.equal(container(await health('HEALTHY'))?.healthStatus, 'HEALTHY')
  const task = await health('UNHEALTHY')
  t.equal(container(task)?.healthStatus, 'UNHEALTHY')
  t.equal(task.lastStatus, 'RUNNING', 'a task of no service goes on')
})

t.test('a container that somebody kills', { buffered: true }, async (t) => {
  const arn = await ecs.runTask(await ecs.register('killed', [script(forEver)]))
  const task = await ecs.waitForTask(arn, 'RUNNING')
  await docker('kill', container(task)?.runtimeId ?? '')
  t.match(await ecs.waitForTask(arn, 'STOPPED'), { stopCode: 'EssentialContainerExited', containers: [{ exitCode: 137 }] })
})

// Wordings: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
t.test('what keeps a task from starting', { buffered: true }, async (t) => {
  const failing = async (name: string, given: Partial<Container>) => {
    const task = await ecs.runToEnd(name, [script(forEver, given)])
    t.equal(task.stopCode, 'TaskFailedToStart', name)
    t.equal(task.startedAt, undefined, `${name}: never started`)
    return task.stoppedReason
  }
  const missing = `${scope.account}.dkr.ecr.${scope.region}.amazonaws.com/app:missing`
  t.match(await failing('no-image', { image: missing }), /^CannotPullContainerError: .*app:missing: not found$/)
  const ssm = { secrets: [{ name: 'A', valueFrom: '/tests/missing' }] }
  t.match(
    await failing('no-parameter', ssm),
    /^ResourceInitializationError: unable to pull secrets or registry auth: .* invalid parameters: \/tests\/missing$/,
  )
  const asm = { secrets: [{ name: 'A', valueFrom: `arn:aws:secretsmanager:us-east-1:${scope.account}:secret:missing-AbCdEf` }] }
  t.match(
    await failing('no-secret', asm),
    /^ResourceInitializationError: .*secret missing-AbCdEf|secret:missing-AbCdEf.*ResourceNotFoundException/,
  )
  const logs = {
    logConfiguration: { logDriver: 'awslogs' as const, options: { ...logConfiguration.options, 'awslogs-group': '/missing' } },
  }
  t.match(
    await failing('no-log-group', logs),
    /^ResourceInitializationError: failed to validate logger args: .*ResourceNotFoundException: .*exit status 1$/,
  )
  t.equal(await failing('no-program', { entryPoint: ['/missing'] }), 'Task failed to start')
})

t.test('an image for another architecture', { buffered: true }, async (t) => {
  const other = cpuArchitecture === 'ARM64' ? 'X86_64' : 'ARM64'
  const task = await ecs.runToEnd('architecture', [script(forEver)], { runtimePlatform: { cpuArchitecture: other } })
  t.match(task, { stopCode: 'EssentialContainerExited', containers: [{ exitCode: 1 }] })
  t.same(await logsOf(task), ['exec /usr/local/bin/node: exec format error'])
})

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-response.html
t.test('the task metadata endpoint', { buffered: true }, async (t) => {
  const read = (path: string) => `console.log(await (await fetch(process.env.ECS_CONTAINER_METADATA_URI_V4 + "${path}")).text())`
  const task = await ecs.runToEnd('metadata', [
    script(`${read('')}; ${read('/task')}`, { command: ['--input-type=module', '-e', `${read('')}; ${read('/task')}`] }),
  ])
  const [own, whole] = (await logsOf(task)).map((line) => JSON.parse(line))
  t.match(own, {
    DockerId: container(task)?.runtimeId,
    Name: 'app',
    ContainerARN: container(task)?.containerArn,
    ImageID: container(task)?.imageDigest,
    Labels: { 'com.amazonaws.ecs.task-arn': task.taskArn, 'com.amazonaws.ecs.task-definition-family': 'metadata' },
    Type: 'NORMAL',
    LogDriver: 'awslogs',
    Networks: [{ NetworkMode: 'awsvpc', IPv4Addresses: [container(task)?.networkInterfaces?.[0]?.privateIpv4Address] }],
  })
  t.match(whole, {
    TaskARN: task.taskArn,
    Family: 'metadata',
    Revision: '1',
    DesiredStatus: 'RUNNING',
    LaunchType: 'FARGATE',
    AvailabilityZone: /^us-east-1[a-f]$/,
    Limits: { CPU: 0.25, Memory: 512 },
    Containers: [{ Name: 'app' }],
  })
})

t.test('nothing unexpected was logged', { buffered: true }, async (t) => {
  t.same(
    ecs.lines.filter((line) => !/^task \w+: (Cannot|ResourceInitialization)/.test(line)),
    [],
  )
})

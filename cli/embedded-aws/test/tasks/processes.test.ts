// Without a container engine: images are written to the registry, tasks are processes.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StopTaskCommand, UpdateServiceCommand, type Service } from '@aws-sdk/client-ecs'
import t from 'tap'
import { startProcess } from '../../src/tasks/processes/process.ts'
import { endOrphans, noteProcess } from '../../src/tasks/processes/orphans.ts'
import { cluster, connect, scriptContainer } from '../support/ecs.ts'
import { startEmbeddedAws } from '../support/embedded-aws.ts'
import { createRepository, writeTestImage } from '../support/write-image.ts'
import { waitFor } from '../support/wait-for.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('ministack')

const steady = ({ deployments = [], runningCount, desiredCount }: Service) =>
  deployments.length === 1 && deployments[0]?.rolloutState === 'COMPLETED' && runningCount === desiredCount

t.test('a service of two tasks behind a load balancer, updated and stopped', async (t) => {
  const aws = await startEmbeddedAws({ speed: 10, tasksAre: 'processes' })
  t.teardown(aws.stop)
  const ecs = await connect(t, aws, false)
  const repository = await createRepository(aws, 'web')
  await writeTestImage(repository, '1')
  const image = `127.0.0.1:${aws.port}/web:1`
  const balancer = await ecs.createBalancer('processes')
  await ecs.createLogGroup('/tests/processes')
  const options = { 'awslogs-group': '/tests/processes', 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'tests' }
  const container = (version: string) => ({
    name: 'app',
    image,
    portMappings: [{ containerPort: 8080 }],
    environment: [{ name: 'VERSION', value: version }],
    healthCheck: { command: ['CMD', '/usr/local/bin/node', '--eval', 'fetch(`http://127.0.0.1:${process.env.PORT}/healthz`)'], interval: 5, timeout: 60 },
    logConfiguration: { logDriver: 'awslogs' as const, options },
  })
  const service = { loadBalancers: balancer.loadBalancers, desiredCount: 2 }
  await ecs.createService('web', await ecs.register('web', [container('1')]), service)
  await ecs.waitForService('web', 'is steady', steady)
  t.match(await fetch(balancer.url).then((response) => response.json()), { version: '1' })
  const tasks = await ecs.tasksOf('web')
  t.match(tasks, [{ lastStatus: 'RUNNING' }, { lastStatus: 'RUNNING' }])
  t.equal(new Set(tasks.map(({ containers: [first] = [] }) => first?.networkInterfaces?.[0]?.privateIpv4Address)).size, 2)
  t.match(tasks[0]?.containers, [{ imageDigest: /^sha256:[0-9a-f]{64}$/ }])
  await waitFor('the health check passes', async () => (await ecs.tasksOf('web')).every(({ healthStatus }) => healthStatus === 'HEALTHY'))
  const id = tasks[0]?.taskArn?.split('/').at(-1)
  await waitFor('its log arrives', async () => (await ecs.logsOf('/tests/processes', `tests/app/${id}`)).some((line) => line.startsWith('version 1 listens')))

  const update = { cluster, service: 'web', taskDefinition: await ecs.register('web', [container('2')]) }
  await ecs.client.send(new UpdateServiceCommand(update))
  await ecs.waitForService('web', 'is steady again', steady)
  t.match(await fetch(balancer.url).then((response) => response.json()), { version: '2' })
  const old = await ecs.waitForTask(tasks[0]?.taskArn ?? '', 'STOPPED')
  t.match(old, { containers: [{ exitCode: 0 }] }, 'it ended by SIGTERM')

  await t.test('what keeps a task from starting', async (t) => {
    const missing = await ecs.runToEnd('missing', [{ ...scriptContainer('app', ''), image: `127.0.0.1:${aws.port}/web:none` }])
    t.match(missing, { stopCode: 'TaskFailedToStart', stoppedReason: /CannotPullContainerError: .*web:none: not found/ })
    const elsewhere = await ecs.runToEnd('elsewhere', [{ name: 'app', image: 'public.ecr.aws/nginx:1' }])
    t.match(elsewhere.stoppedReason, 'not in the embedded ECR')
    const program = await ecs.runToEnd('program', [{ name: 'app', image, entryPoint: ['/no/such-program-at-all'] }])
    t.match(program.containers, [{ reason: /CannotStartContainerError: .*such-program-at-all/ }])
  })

  await t.test('how a process ends', async (t) => {
    const exits = await ecs.runToEnd('exits', [{ ...scriptContainer('app', 'process.exit(3)'), image }])
    t.match(exits, { stopCode: 'EssentialContainerExited', containers: [{ exitCode: 3 }] })
    const deaf = 'process.on("SIGTERM", () => 0); setInterval(() => 0, 1000); console.log("deaf")'
    const logConfiguration = container('').logConfiguration
    const task = await ecs.runTask(await ecs.register('deaf', [{ ...scriptContainer('app', deaf, { stopTimeout: 10, logConfiguration }), image }]))
    await waitFor('it is deaf', async () => (await ecs.logsOf('/tests/processes', `tests/app/${task.split('/').at(-1)}`).catch(() => [])).length > 0)
    await ecs.client.send(new StopTaskCommand({ cluster, task }))
    t.match(await ecs.waitForTask(task, 'STOPPED'), { containers: [{ exitCode: 137 }] }, 'SIGKILL after stopTimeout')
  })
})

t.test('processes that a killed gateway left behind are ended, others are not', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'fargate-ctl-orphans-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const sleep = { argv: [process.execPath, '--eval', 'setInterval(()=>0,1000)'], env: {}, cwd: folder }
  const [orphan, other] = [await startProcess(sleep, undefined), await startProcess(sleep, undefined)]
  await noteProcess(folder, orphan)
  await writeFile(join(folder, String(other.pid)), 'another program')
  await endOrphans(folder)
  await orphan.ended
  t.match(orphan.state, { running: false, exitCode: 137 })
  t.match(other.state, { running: true })
  await other.stop(10)
  t.match(other.state, { exitCode: 143 })
})

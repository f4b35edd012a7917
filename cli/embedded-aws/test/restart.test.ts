// The state survives the gateway: one that is killed finds its tasks again, one that is stopped starts them anew.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ListClustersCommand, ListServiceDeploymentsCommand, type Service } from '@aws-sdk/client-ecs'
import t from 'tap'
import { ensureKeys } from '../src/access/keys.ts'
import { findDocker } from '../src/engine/find-engine.ts'
import { startMinistack } from '../src/ministack.ts'
import { findPython } from './support/embedded-aws.ts'
import { appContainer, cluster, connect, scope, scriptContainer, startEcs } from './support/ecs.ts'
import { docker } from './support/engine.ts'
import { waitFor } from './support/wait-for.ts'
import { skipFileWithout } from './support/needs.ts'

skipFileWithout('engine', 'ministack')

const steady = ({ deployments = [], runningCount, desiredCount }: Service) =>
  deployments.length === 1 && deployments[0]?.rolloutState === 'COMPLETED' && runningCount === desiredCount

t.test('killed: tasks go on, and what ended meanwhile is noticed', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'fargate-ctl-restart-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const python = findPython()
  if (!python) throw new Error('ministack is not installed: run `npm run setup`')
  const ministack = await startMinistack({ python, stateDir: join(folder, 'ministack'), port: 0 })
  t.teardown(ministack.close)
  const stateDir = join(folder, 'state')
  const keysFile = join(stateDir, 'keys.json')
  const { accessKeyId, secretAccessKey } = (await ensureKeys(keysFile, [scope.account])).issued()
  const start = async (port?: number) => {
    const options = JSON.stringify({ engine: await findDocker(process.env), ministack: ministack.socket, keysFile, stateDir, speed: 10, port })
    const child = fork(fileURLToPath(new URL('./support/gateway-process.ts', import.meta.url)), [options])
    const [ready] = (await once(child, 'message')) as [{ url: string; port: number }]
    return { child, ...ready }
  }
  let gateway = await start()
  t.teardown(() => close(gateway.child))
  const { url, port } = gateway
  const client = { region: scope.region, endpoint: url, credentials: { accessKeyId, secretAccessKey } }
  const ecs = await connect(t, { url, port, client, stateDir, ministack: ministack.socket }, true)
  await ecs.createLogGroup('/tests/restart')
  const options = { 'awslogs-group': '/tests/restart', 'awslogs-region': scope.region, 'awslogs-stream-prefix': 'tests' }
  const logConfiguration = { logDriver: 'awslogs' as const, options }
  const balancer = await ecs.createBalancer('restart')
  const containers = [
    appContainer({}, { logConfiguration, dependsOn: [{ containerName: 'once', condition: 'SUCCESS' }] }),
    scriptContainer('once', 'console.log("done")', { essential: false }),
  ]
  const service = { loadBalancers: balancer.loadBalancers, healthCheckGracePeriodSeconds: 60 }
  await ecs.createService('web', await ecs.register('web', containers), service)
  const count = 'let n = 0; process.on("SIGTERM", () => process.exit(0)); setInterval(() => console.log(n++), 100)'
  const counting = await ecs.runTask(await ecs.register('counting', [scriptContainer('app', count, { logConfiguration })]))
  const dying = await ecs.runTask(
    await ecs.register('dying', [
      scriptContainer('app', 'process.on("SIGUSR2", () => process.exit(42)); setInterval(() => {}, 1000)'),
    ]),
  )
  const before = await ecs.waitForService('web', 'is steady', steady)
  const [task] = await ecs.tasksOf('web')
  await ecs.waitForTask(counting, 'RUNNING')
  const { containers: [doomed] = [] } = await ecs.waitForTask(dying, 'RUNNING')
  t.equal((await fetch(balancer.url)).status, 200)

  gateway.child.kill('SIGKILL')
  await once(gateway.child, 'close')
  await docker('kill', '--signal', 'USR2', doomed?.runtimeId ?? '')
  await waitFor('the container has ended', async () => {
    const status = await docker('inspect', '--format', '{{.State.Status}}', doomed?.runtimeId ?? '')
    return status === 'exited'
  })
  gateway = await start(port)

  const after = await ecs.describeService('web')
  t.equal(after.deployments?.[0]?.id, before.deployments?.[0]?.id, 'the same deployment')
  const [adopted] = await ecs.tasksOf('web')
  t.match(adopted, {
    taskArn: task?.taskArn,
    lastStatus: 'RUNNING',
    startedAt: task?.startedAt,
    containers: task?.containers?.map(({ runtimeId }) => ({ runtimeId })),
  })
  await waitFor('the load balancer answers at its old address', async () =>
    fetch(balancer.url).then(
      ({ status }) => status === 200,
      () => false,
    ),
  )
  t.match(await ecs.waitForTask(dying, 'STOPPED'), { stopCode: 'EssentialContainerExited', containers: [{ exitCode: 42 }] })
  t.match((await ecs.client.send(new ListServiceDeploymentsCommand({ cluster, service: 'web' }))).serviceDeployments, [
    { status: 'SUCCESSFUL' },
  ])
  const stream = `tests/app/${counting.split('/').at(-1)}`
  const lines = await waitFor('the logs go on', async () => {
    const found = (await ecs.logsOf('/tests/restart', stream)).map(Number)
    return found.length > 40 && found
  })
  const numbers = [...new Set(lines)].toSorted((a, b) => a - b)
  t.same(
    numbers,
    numbers.map((_, index) => index),
    'no line is lost',
  )
  t.ok(lines.length - numbers.length <= 10, `hardly a line comes twice (${lines.length - numbers.length})`)

  await close(gateway.child)
  t.equal(await docker('network', 'ls', '--quiet', '--filter', `label=embedded-aws=${stateDir}`), '', 'what it made goes with it')
})

t.test('stopped: services start their tasks anew', async (t) => {
  const ecs = await startEcs(t, { image: true })
  const balancer = await ecs.createBalancer('stopped')
  const service = { loadBalancers: balancer.loadBalancers, healthCheckGracePeriodSeconds: 60 }
  await ecs.createService('web', await ecs.register('web', [appContainer()]), service)
  const before = await ecs.waitForService('web', 'is steady', steady)
  const [task] = await ecs.tasksOf('web')
  await ecs.restart()
  t.same((await ecs.client.send(new ListClustersCommand({}))).clusterArns, [before.clusterArn])
  const after = await ecs.waitForService('web', 'is steady', steady)
  t.equal(after.deployments?.[0]?.id, before.deployments?.[0]?.id)
  const [next] = await ecs.tasksOf('web')
  t.not(next?.taskArn, task?.taskArn)
  t.match(await ecs.describeTask(task?.taskArn as string), { lastStatus: 'STOPPED', stoppedReason: 'The rehearsal was stopped' })
  await waitFor('the load balancer answers at its old address', async () => (await fetch(balancer.url)).status === 200)
})

async function close(child: ChildProcess): Promise<void> {
  if (!child.connected) return
  child.send('close')
  await once(child, 'close')
}

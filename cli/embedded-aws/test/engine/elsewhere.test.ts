// An engine whose loopback is not this machine's: images reach it, traffic reaches its tasks, and they reach this machine.
import t from 'tap'
import { createEngineApi } from '../../src/engine/engine-api.ts'
import { appContainer, scope, scriptContainer, startEcs } from '../support/ecs.ts'
import { startElsewhere } from '../support/elsewhere.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('engine', 'ministack', 'namespaces')

const engine = await startElsewhere(t)

t.test('tasks in an engine on another machine', async (t) => {
  const ecs = await startEcs(t, { image: true, engine })
  await ecs.createLogGroup('/tests/elsewhere')
  const options = { 'awslogs-group': '/tests/elsewhere', 'awslogs-region': scope.region, 'awslogs-stream-prefix': 'tests' }
  const balancer = await ecs.createBalancer('elsewhere')
  await ecs.createService('web', await ecs.register('web', [appContainer({ VERSION: '1' })]), { loadBalancers: balancer.loadBalancers, desiredCount: 2 })
  await ecs.waitForService('web', 'is steady', ({ deployments = [], runningCount }) => deployments[0]?.rolloutState === 'COMPLETED' && runningCount === 2)
  t.match(await fetch(balancer.url).then((answer) => answer.json()), { version: '1' }, 'the load balancer reaches them')

  const script = 'fetch(process.env.ECS_CONTAINER_METADATA_URI_V4).then((answer) => answer.json()).then(({ ImageID }) => console.log(ImageID))'
  const task = await ecs.runToEnd('metadata', [scriptContainer('app', script, { logConfiguration: { logDriver: 'awslogs', options } })])
  const [line] = await ecs.logsOf('/tests/elsewhere', `tests/app/${task.taskArn?.split('/').at(-1)}`)
  t.match(line, /^sha256:[0-9a-f]{64}$/, 'they reach the metadata endpoint')
  t.equal(task.containers?.[0]?.imageDigest, line, 'and the digest is that of the registry')
})

t.test('TLS: without the certificates it does not open', async (t) => {
  const withoutTls = await createEngineApi({ host: engine.host })
  t.teardown(withoutTls.close)
  await t.rejects(withoutTls.call('GET', '/_ping'), /HTTP request to an HTTPS server/)
  await t.rejects(createEngineApi({ host: engine.host, tls: { folder: '/none', verify: true } }), { message: /\/none\/ca\.pem is not there/, fix: /DOCKER_CERT_PATH/ })
})

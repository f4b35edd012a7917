import type { Test } from 'tap'
import type { EngineAddress } from '../../src/engine/address.ts'
import { appContainer, scope, scriptContainer, startEcs, type Ecs } from './ecs.ts'

/** A task's image, log and metadata endpoint, in an engine. */
export async function tryTask(t: Test, engine: EngineAddress): Promise<Ecs> {
  const ecs = await startEcs(t, { image: true, engine, speed: 3 })
  await ecs.createLogGroup('/tests/engine')
  const options = { 'awslogs-group': '/tests/engine', 'awslogs-region': scope.region, 'awslogs-stream-prefix': 'tests' }
  const script = 'fetch(process.env.ECS_CONTAINER_METADATA_URI_V4).then((answer) => answer.json()).then(({ ImageID }) => console.log(ImageID))'
  const task = await ecs.runToEnd('metadata', [scriptContainer('app', script, { logConfiguration: { logDriver: 'awslogs', options } })])
  const [line] = await ecs.logsOf('/tests/engine', `tests/app/${task.taskArn?.split('/').at(-1)}`)
  t.match(line, /^sha256:[0-9a-f]{64}$/, 'tasks reach the metadata endpoint')
  t.equal(task.containers?.[0]?.imageDigest, line, 'and the digest is that of the registry')
  return ecs
}

/** Health checks and traffic. */
export async function tryService(t: Test, ecs: Ecs): Promise<void> {
  const balancer = await ecs.createBalancer('engine')
  const command = ['CMD', '/usr/local/bin/node', '-e', 'fetch("http://127.0.0.1:8080/").catch(() => process.exit(1))']
  const definition = await ecs.register('web', [appContainer({ VERSION: '1' }, { healthCheck: { command, interval: 5, timeout: 60 } })])
  await ecs.createService('web', definition, { loadBalancers: balancer.loadBalancers, desiredCount: 2 })
  await ecs.waitForService('web', 'is steady', ({ deployments = [], runningCount }) => deployments[0]?.rolloutState === 'COMPLETED' && runningCount === 2)
  t.match(await fetch(balancer.url).then((answer) => answer.json()), { version: '1' }, 'the load balancer reaches them')
  t.same((await ecs.tasksOf('web')).map(({ healthStatus }) => healthStatus), ['HEALTHY', 'HEALTHY'])
}

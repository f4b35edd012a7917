// Tasks that a service replaces, with real containers.
import { UpdateServiceCommand } from '@aws-sdk/client-ecs'
import t from 'tap'
import { appContainer, cluster, messages, scriptContainer, startEcs, steady } from '../support/ecs.ts'
import { docker } from '../support/engine.ts'
import { waitFor } from '../support/wait-for.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('engine', 'ministack')

const ecs = await startEcs(t, { image: true })

t.jobs = 3

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html
t.test('without a breaker: ever longer pauses, no end', { buffered: true }, async (t) => {
  await ecs.createService('throttled', await ecs.register('throttled', [appContainer({}, { entryPoint: ['/missing'] })]))
  const failed = await ecs.waitForService(
    'throttled',
    'has failed four times',
    ({ deployments }) => (deployments?.[0]?.failedTasks ?? 0) >= 4,
  )
  t.match(failed.deployments, [{ rolloutState: 'IN_PROGRESS', failedTasks: 4 }])
  const tasks = [...(await ecs.tasksOf('throttled', 'STOPPED')), ...(await ecs.tasksOf('throttled'))]
  const times = tasks.map(({ createdAt }) => Number(createdAt)).toSorted((a, b) => a - b)
  const pauses = times.slice(1, 4).map((time, index) => time - (times[index] as number))
  t.ok(
    (pauses[0] as number) >= 500 && (pauses[1] as number) >= 1000 && (pauses[2] as number) >= 2000,
    `5, 10, 20 s at ten times the speed: ${pauses}`,
  )
  await ecs.client.send(new UpdateServiceCommand({ cluster, service: 'throttled', desiredCount: 0 }))
})

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-load-balancing.html
t.test('an unhealthy target is replaced; the grace period holds that back', { buffered: true }, async (t) => {
  const { loadBalancers, url, targetGroupArn } = await ecs.createBalancer('unhealthy')
  await ecs.createService('unhealthy', await ecs.register('unhealthy', [appContainer()]), {
    loadBalancers,
    healthCheckGracePeriodSeconds: 30,
  })
  await ecs.waitForService('unhealthy', 'is steady', steady)
  const [before] = await ecs.tasksOf('unhealthy')
  await fetch(`${url}/health/500`)
  const stopped = await waitFor('the task is stopped', async () => {
    const task = await ecs.describeTask(before?.taskArn as string)
    return task.desiredStatus === 'STOPPED' && task
  })
  t.ok(Number(stopped.stoppingAt) - Number(stopped.startedAt) >= 3000, 'thirty seconds at ten times the speed')
  t.match(stopped, {
    stopCode: 'ServiceSchedulerInitiated',
    stoppedReason: `Task failed ELB health checks in (target-group ${targetGroupArn})`,
  })
  const last = await ecs.waitForService(
    'unhealthy',
    'is healthy again',
    ({ runningCount, events = [] }) => runningCount === 1 && /steady/.test(events[0]?.message ?? ''),
  )
  const wording = `(service unhealthy) (port 8080) is unhealthy in (target-group ${targetGroupArn}) due to (reason Health checks failed with these codes: [500]).`
  t.ok(messages(last).includes(wording), wording)
  t.equal((await fetch(`${url}/healthz`)).status, 200)
})

t.test('a task that fails its container health check is replaced; one that is killed as well', { buffered: true }, async (t) => {
  const healthCheck = {
    command: ['CMD', '/usr/local/bin/node', '-e', 'process.exit(fs.existsSync("/bad") ? 1 : 0)'],
    interval: 5,
    timeout: 50,
    retries: 1,
  }
  const script = 'process.on("SIGTERM", () => process.exit(0)); setInterval(() => {}, 1000)'
  await ecs.createService('replaced', await ecs.register('replaced', [scriptContainer('app', script, { healthCheck })]))
  await ecs.waitForService('replaced', 'is steady', steady)
  const [first] = await ecs.tasksOf('replaced')
  await docker('exec', first?.containers?.[0]?.runtimeId ?? '', '/usr/local/bin/node', '-e', 'fs.writeFileSync("/bad", "")')
  t.match(await ecs.waitForTask(first?.taskArn as string, 'STOPPED'), {
    stopCode: 'ServiceSchedulerInitiated',
    stoppedReason: 'Task failed container health checks',
  })
  const second = await waitFor('another task runs', async () =>
    (await ecs.tasksOf('replaced')).find(({ lastStatus }) => lastStatus === 'RUNNING'),
  )
  t.ok(
    messages(await ecs.describeService('replaced')).some((event) =>
      /\(task \w{32}\) failed container health checks\.$/.test(event),
    ),
  )
  await docker('kill', second.containers?.[0]?.runtimeId ?? '')
  await waitFor('a third task runs', async () =>
    (await ecs.tasksOf('replaced')).some(({ lastStatus, taskArn }) => lastStatus === 'RUNNING' && taskArn !== second.taskArn),
  )
})

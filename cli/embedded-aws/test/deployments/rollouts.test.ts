// The deployment controller with real containers.
import {
  DescribeServiceRevisionsCommand,
  ListServiceDeploymentsCommand,
  StopServiceDeploymentCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import t from 'tap'
import { appContainer, cluster, messages, scope, scriptContainer, startEcs, steady } from '../support/ecs.ts'
import { pushMovedImage, pushTestImage } from '../support/engine.ts'
import { waitFor } from '../support/wait-for.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('engine', 'ministack')

const ecs = await startEcs(t, { image: true })
const breaker = { deploymentCircuitBreaker: { enable: true, rollback: true } }
const crash = { EXIT_AFTER_MS: 1, EXIT_CODE: 7 }
/** Fails however busy the machine is; a crash that comes late counts as a start. */
const broken = appContainer({}, { entryPoint: ['/missing'] })
const versionAt = async (url: string) => ((await (await fetch(url)).json()) as { version: string }).version
const update = (service: string, change: object) => ecs.client.send(new UpdateServiceCommand({ cluster, service, ...change }))
const { newestDeployment } = ecs

t.jobs = 3

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
t.test('a rolling update behind a load balancer', { buffered: true }, async (t) => {
  const { loadBalancers, url, targetGroupArn } = await ecs.createBalancer('rolling')
  await ecs.createService('rolling', await ecs.register('rolling', [appContainer({ VERSION: 1 })]), {
    desiredCount: 2,
    loadBalancers,
    healthCheckGracePeriodSeconds: 60,
    deploymentConfiguration: breaker,
  })
  const first = await ecs.waitForService('rolling', 'is steady', steady)
  t.match(first, {
    runningCount: 2,
    pendingCount: 0,
    deployments: [{ status: 'PRIMARY', rolloutStateReason: /^ECS deployment ecs-svc\/\d+ completed\.$/ }],
  })
  t.equal(await versionAt(url), '1')
  const before = await ecs.tasksOf('rolling')
  t.equal(new Set(before.map(({ availabilityZone }) => availabilityZone)).size, 2, 'one task a zone')
  t.match(before[0], {
    group: 'service:rolling',
    startedBy: first.deployments?.[0]?.id,
    launchType: 'FARGATE',
    connectivity: 'CONNECTED',
    startedAt: Date,
  })

  let asking = true
  const statuses = new Set<number>()
  const load = (async () => {
    while (asking) statuses.add((await fetch(url)).status)
  })()
  const second = await ecs.register('rolling', [appContainer({ VERSION: 2 })])
  await update('rolling', { taskDefinition: second })
  const seen = await ecs.waitForService('rolling', 'is under way', ({ deployments = [] }) => deployments.length === 2)
  t.match(seen.deployments, [
    { status: 'PRIMARY', taskDefinition: second, rolloutState: 'IN_PROGRESS' },
    { status: 'ACTIVE', rolloutState: 'COMPLETED' },
  ])
  let least = 2
  let most = 0
  const last = await ecs.waitForService('rolling', 'is steady', (service) => {
    least = Math.min(least, service.runningCount ?? 0)
    most = Math.max(most, (service.runningCount ?? 0) + (service.pendingCount ?? 0))
    return steady(service)
  })
  asking = false
  await load
  t.same(statuses, new Set([200]), 'no request failed')
  t.equal(least, 2, 'never fewer than minimumHealthyPercent')
  t.equal(most, 4, 'up to maximumPercent, and no further')
  t.equal(await versionAt(url), '2')
  const events = messages(last)
  t.match(events[0], /^\(service rolling\) has reached a steady state\.$/)
  t.ok(events.some((event) => /^\(service rolling\) \(deployment ecs-svc\/\d+\) deployment completed\.$/.test(event)))
  t.ok(events.some((event) => /^\(service rolling\) has started 2 tasks: \(task \w{32}\) \(task \w{32}\)\.$/.test(event)))
  t.ok(events.some((event) => /^\(service rolling\) has stopped \d running tasks: \(task \w{32}\)/.test(event)))
  const sum = (pattern: RegExp) => events.reduce((total, event) => total + Number(pattern.exec(event)?.[1] ?? 0), 0)
  const group = new RegExp(`targets in \\(target-group ${targetGroupArn}\\)$`)
  t.equal(sum(new RegExp(`^\\(service rolling\\) registered (\\d) ${group.source}`)), 4, 'two before, two now')
  t.equal(sum(new RegExp(`^\\(service rolling\\) deregistered (\\d) ${group.source}`)), 2)
  t.equal(sum(/^\(service rolling\) has begun draining connections on (\d) tasks\.$/), 2)
  const ended = await waitFor('the old tasks have stopped', async () => {
    const stopped = await ecs.tasksOf('rolling', 'STOPPED')
    return stopped.length === 2 && stopped.every(({ lastStatus }) => lastStatus === 'STOPPED') && stopped
  })
  for (const task of ended) {
    t.match(task, {
      stopCode: 'ServiceSchedulerInitiated',
      stoppedReason: /^Scaling activity initiated by \(deployment ecs-svc\/\d+\)$/,
      containers: [{ exitCode: 0 }],
    })
  }
  t.match(await newestDeployment('rolling'), {
    status: 'SUCCESSFUL',
    deploymentCircuitBreaker: { status: 'MONITORING_COMPLETE', threshold: 3 },
  })
  await ecs.client.send(new UpdateServiceCommand({ cluster, service: 'rolling', desiredCount: 1 }))
  await ecs.waitForService('rolling', 'has one task', ({ runningCount }) => runningCount === 1)
})

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
t.test('the circuit breaker opens after three failures and rolls back', { buffered: true }, async (t) => {
  const { loadBalancers, url } = await ecs.createBalancer('breaker')
  const first = await ecs.register('breaker', [appContainer({ VERSION: 1 })])
  await ecs.createService('breaker', first, {
    deploymentConfiguration: breaker,
    loadBalancers,
    healthCheckGracePeriodSeconds: 60,
  })
  await ecs.waitForService('breaker', 'is steady', steady)
  const began = performance.now()
  const { service: updated } = await update('breaker', { taskDefinition: await ecs.register('breaker', [appContainer(crash)]) })
  await ecs.waitForService('breaker', 'is rolled back', ({ deployments }) => deployments?.[0]?.taskDefinition === first)
  const took = performance.now() - began
  t.ok(took > 1400, `back-off between the starts: 5 s and 10 s at ten times the speed (took ${Math.round(took)} ms)`)
  t.equal(await versionAt(url), '1', 'the old version serves all the time')
  const last = await ecs.waitForService('breaker', 'is steady', steady)
  t.equal(last.taskDefinition, first, 'the service itself is back on the old one')
  t.match(last, { runningCount: 1, deployments: [{ taskDefinition: first, rolloutState: 'COMPLETED' }] })
  const failed = updated?.deployments?.[0]?.id
  const events = messages(last)
  t.ok(events.includes(`(service breaker) (deployment ${failed}) deployment failed: tasks failed to start.`), 'failed')
  t.ok(events.includes(`(service breaker) rolling back to deployment ${last.deployments?.[0]?.id}.`), 'rolling back')
  t.ok(events.some((event) => event.includes('is unable to consistently start tasks successfully.')))
  const stopped = (await ecs.tasksOf('breaker', 'STOPPED')).filter(({ startedBy }) => startedBy === failed)
  t.equal(stopped.length, 3, 'three tasks were tried')
  t.match(stopped[0], { stopCode: 'EssentialContainerExited', containers: [{ exitCode: 7 }] })
  t.match(await newestDeployment('breaker'), {
    status: 'ROLLBACK_SUCCESSFUL',
    statusReason: /circuit breaker/,
    rollback: { serviceRevisionArn: /service-revision\/tests\/breaker/, startedAt: Date },
    deploymentCircuitBreaker: { status: 'TRIGGERED', failureCount: 3, threshold: 3 },
  })
})

t.test('the circuit breaker without rollback, and without anything to go back to', { buffered: true }, async (t) => {
  const bad = await ecs.register('no-rollback', [broken])
  await ecs.createService('no-rollback', bad, {
    deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: false } },
  })
  const failed = await ecs.waitForService(
    'no-rollback',
    'has failed',
    ({ deployments }) => deployments?.[0]?.rolloutState === 'FAILED',
  )
  t.match(failed.deployments, [
    { status: 'PRIMARY', failedTasks: 3, rolloutStateReason: 'ECS deployment circuit breaker: tasks failed to start.' },
  ])
  await ecs.createService('first', bad, { deploymentConfiguration: breaker })
  await ecs.waitForService('first', 'has failed', ({ deployments }) => deployments?.[0]?.rolloutState === 'FAILED')
  await new Promise((resolve) => setTimeout(resolve, 1500))
  t.equal((await ecs.tasksOf('no-rollback', 'STOPPED')).length, 3, 'no task is started after that')
  const good = await ecs.register('no-rollback', [appContainer()])
  await update('no-rollback', { taskDefinition: good })
  await ecs.waitForService('no-rollback', 'recovers with the next deployment', steady)
})

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
t.test('an alarm fails the deployment and rolls back', { buffered: true }, async (t) => {
  const alarm = (state: string) =>
    ecs.upstream.call(scope, 'monitoring', 'SetAlarmState', { AlarmName: 'errors', StateValue: state, StateReason: 'test' })
  await ecs.upstream.call(scope, 'monitoring', 'PutMetricAlarm', {
    AlarmName: 'errors',
    MetricName: 'Errors',
    Namespace: 'Tests',
    Statistic: 'Sum',
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanThreshold',
  })
  await alarm('OK')
  const first = await ecs.register('alarm', [appContainer({ VERSION: 1 })])
  await ecs.createService('alarm', first, {
    deploymentConfiguration: { alarms: { alarmNames: ['errors'], enable: true, rollback: true } },
  })
  await ecs.waitForService('alarm', 'is steady', steady)
  await update('alarm', { taskDefinition: await ecs.register('alarm', [appContainer({ VERSION: 2 })]) })
  await ecs.waitForService(
    'alarm',
    'is under way',
    ({ deployments }) => deployments?.[0]?.runningCount === 1 && deployments[0].taskDefinition !== first,
  )
  await alarm('ALARM')
  const last = await ecs.waitForService(
    'alarm',
    'is rolled back',
    (service) => service.taskDefinition === first && steady(service),
  )
  t.ok(messages(last).some((event) => /deployment failed: alarm detected\.$/.test(event)))
  t.match(await newestDeployment('alarm'), {
    status: 'ROLLBACK_SUCCESSFUL',
    alarms: { status: 'TRIGGERED', alarmNames: ['errors'], triggeredAlarmNames: ['errors'] },
  })
})

// So that what cures the alarm can be deployed: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
t.test('an alarm that is on already as a deployment starts is not watched, nor is any other', { buffered: true }, async (t) => {
  for (const AlarmName of ['on', 'off']) {
    const metric = { MetricName: 'Errors', Namespace: 'Tests', Statistic: 'Sum', Period: 60, EvaluationPeriods: 1, Threshold: 1 }
    await ecs.upstream.call(scope, 'monitoring', 'PutMetricAlarm', { AlarmName, ...metric, ComparisonOperator: 'GreaterThanThreshold' })
  }
  const set = (AlarmName: string, StateValue: string) =>
    ecs.upstream.call(scope, 'monitoring', 'SetAlarmState', { AlarmName, StateValue, StateReason: 'test' })
  await set('on', 'ALARM')
  await ecs.createService('cure', await ecs.register('cure', [appContainer()]), {
    deploymentConfiguration: { alarms: { alarmNames: ['on', 'off'], enable: true, rollback: true } },
  })
  await waitFor('the alarms are left alone', async () => (await newestDeployment('cure'))?.alarms?.status === 'DISABLED')
  await set('off', 'ALARM')
  await ecs.waitForService('cure', 'is steady', steady)
  t.match(await newestDeployment('cure'), { status: 'SUCCESSFUL', alarms: { triggeredAlarmNames: [] } })
})

// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html
t.test('StopServiceDeployment rolls back', { buffered: true }, async (t) => {
  const first = await ecs.register('stopped', [appContainer({ VERSION: 1 })])
  await ecs.createService('stopped', first)
  await ecs.waitForService('stopped', 'is steady', steady)
  await update('stopped', { taskDefinition: await ecs.register('stopped', [broken]) })
  const serviceDeploymentArn = (await newestDeployment('stopped'))?.serviceDeploymentArn as string
  t.equal(
    (await ecs.client.send(new StopServiceDeploymentCommand({ serviceDeploymentArn, stopType: 'ROLLBACK' })))
      .serviceDeploymentArn,
    serviceDeploymentArn,
  )
  t.match(await newestDeployment('stopped'), { serviceDeploymentArn, status: /^ROLLBACK_(REQUESTED|IN_PROGRESS)$/ })
  await t.rejects(ecs.client.send(new StopServiceDeploymentCommand({ serviceDeploymentArn })), { name: 'ConflictException' })
  await ecs.waitForService('stopped', 'is rolled back', (service) => service.taskDefinition === first && steady(service))
  t.match(await newestDeployment('stopped'), { serviceDeploymentArn, status: 'ROLLBACK_SUCCESSFUL' })
})

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html#deployment-container-image-stability
t.test('a tag that is moved reaches a service with its next deployment, and no sooner', { buffered: true }, async (t) => {
  const tag = ecs.image.replace(/^[^/]+\/app:1$/, `127.0.0.1:${ecs.port}/app:moved`)
  const remove = await pushTestImage(tag, ecs.clientOptions)
  t.teardown(remove)
  const definition = await ecs.register('moved', [scriptContainer('sidecar', 'setInterval(() => {}, 1000)'), appContainer({}, { image: tag })])
  await ecs.createService('moved', definition)
  await ecs.waitForService('moved', 'is steady', steady)
  const resolved = async () => {
    const { serviceDeployments: [newest] = [] } = await ecs.client.send(new ListServiceDeploymentsCommand({ cluster, service: 'moved' }))
    const asked = new DescribeServiceRevisionsCommand({ serviceRevisionArns: [newest?.targetServiceRevisionArn ?? ''] })
    const images = (await ecs.client.send(asked)).serviceRevisions?.[0]?.containerImages
    return images?.find(({ containerName }) => containerName === 'app')?.imageDigest
  }
  const running = async () => (await ecs.tasksOf('moved')).map(({ containers = [] }) => containers.find(({ name }) => name === 'app')?.imageDigest)
  const first = await resolved()
  t.match(first, /^sha256:[0-9a-f]{64}$/)
  t.same(await running(), [first])

  await pushMovedImage(tag, ecs.clientOptions)
  await update('moved', { desiredCount: 2 })
  await ecs.waitForService('moved', 'has two tasks', ({ runningCount }) => runningCount === 2)
  t.same(await running(), [first, first], 'the deployment keeps what it began with')

  await update('moved', { forceNewDeployment: true })
  await ecs.waitForService('moved', 'is steady', steady)
  const second = await resolved()
  t.not(second, first)
  t.same(await running(), [second, second])
})

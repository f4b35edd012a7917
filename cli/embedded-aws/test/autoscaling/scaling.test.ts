// Target tracking: load goes up, tasks come; it ends, they go.
// https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
import {
  ApplicationAutoScalingClient,
  DescribeScalingActivitiesCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling'
import { CloudWatchClient, DescribeAlarmsCommand, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { applicationAutoscaling } from '../../src/models/model.ts'
import { appContainer, cluster, startEcs, steady } from '../support/ecs.ts'
import { holdToModel } from '../support/model.ts'
import { skipFileWithout } from '../support/needs.ts'
import { waitFor } from '../support/wait-for.ts'

skipFileWithout('ministack', 'engine', 'time')

/** A minute passes in two seconds. */
const ecs = await startEcs(t, { speed: 30, image: true })
const client = holdToModel(new ApplicationAutoScalingClient(ecs.clientOptions), applicationAutoscaling)
const cloudwatch = new CloudWatchClient(ecs.clientOptions)

const balancer = await ecs.createBalancer('scaled', { HealthCheckIntervalSeconds: 300, HealthCheckTimeoutSeconds: 120 })
await ecs.register('web', [appContainer()])
await ecs.createService('web', 'web', { loadBalancers: balancer.loadBalancers })
await ecs.waitForService('web', 'is steady', steady)

const named = { ServiceNamespace: 'ecs', ResourceId: `service/${cluster}/web`, ScalableDimension: 'ecs:service:DesiredCount' } as const
const label = [balancer.loadBalancerArn.split(':loadbalancer/')[1], balancer.targetGroupArn.split(':').at(-1)].join('/')
const suspend = (out: boolean) =>
  client.send(new RegisterScalableTargetCommand({ ...named, MinCapacity: 1, MaxCapacity: 3, SuspendedState: { DynamicScalingOutSuspended: out } }))
const policy = (PolicyName: string, TargetValue: number, PredefinedMetricSpecification: { PredefinedMetricType: 'ALBRequestCountPerTarget' | 'ECSServiceAverageMemoryUtilization'; ResourceLabel?: string }) =>
  client.send(
    new PutScalingPolicyCommand({
      ...named,
      PolicyName,
      PolicyType: 'TargetTrackingScaling',
      TargetTrackingScalingPolicyConfiguration: { TargetValue, PredefinedMetricSpecification, ScaleInCooldown: 60, ScaleOutCooldown: 60 },
    }),
  )
const desired = async () => (await ecs.describeService('web')).desiredCount
const states = async (Alarms: { AlarmName: string | undefined }[] = []) => {
  const AlarmNames = Alarms.map(({ AlarmName = '' }) => AlarmName)
  const { MetricAlarms = [] } = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames }))
  return Object.fromEntries(MetricAlarms.map(({ AlarmName = '', StateValue }) => [/AlarmHigh|AlarmLow/.exec(AlarmName)?.[0], StateValue]))
}

t.test('scales out and in', async (t) => {
  await suspend(true)
  const { Alarms } = await policy('requests', 10, { PredefinedMetricType: 'ALBRequestCountPerTarget', ResourceLabel: label })
  await policy('memory', 90, { PredefinedMetricType: 'ECSServiceAverageMemoryUtilization' })
  const load = setInterval(() => void fetch(balancer.url).catch(() => undefined), 12)
  t.teardown(() => clearInterval(load))
  await waitFor('the alarm is on', async () => (await states(Alarms)).AlarmHigh === 'ALARM')
  await sleep(2000)
  t.equal(await desired(), 1, 'what is suspended does not scale')

  await suspend(false)
  await waitFor('it has grown to the most', async () => (await desired()) === 3)
  await ecs.waitForService('web', 'runs them', ({ runningCount }) => runningCount === 3)
  const { ScalingActivities: [grown] = [] } = await client.send(new DescribeScalingActivitiesCommand(named))
  t.match(grown, {
    Description: 'Setting desired count to 3.',
    Cause: /^monitor alarm TargetTracking-service\/tests\/web-AlarmHigh-[\w-]+ in state ALARM triggered policy requests$/,
    StatusCode: 'Successful',
    StatusMessage: 'Successfully set desired count to 3. Change successfully fulfilled by ecs.',
  })

  clearInterval(load)
  await waitFor('it has shrunk to the fewest', async () => (await desired()) === 1)
  await waitFor('the alarm that shrank it stays on', async () => (await states(Alarms)).AlarmLow === 'ALARM')
})

t.test('what tasks use', async (t) => {
  const Dimensions = [{ Name: 'ClusterName', Value: cluster }, { Name: 'ServiceName', Value: 'web' }]
  const of = { Namespace: 'AWS/ECS', Dimensions, Period: 60, StartTime: new Date(Date.now() - 60_000), EndTime: new Date() }
  for (const MetricName of ['CPUUtilization', 'MemoryUtilization']) {
    const { Datapoints = [] } = await cloudwatch.send(new GetMetricStatisticsCommand({ ...of, MetricName, Statistics: ['Maximum'] }))
    const most = Math.max(...Datapoints.map(({ Maximum = 0 }) => Maximum))
    t.ok(most > 0 && most < 100, `${MetricName}: ${most} %`)
  }
})

// Application Auto Scaling as far as it is managed.
// Shapes: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_Operations.html
import {
  ApplicationAutoScalingClient,
  DeleteScalingPolicyCommand,
  DeleteScheduledActionCommand,
  DeregisterScalableTargetCommand,
  DescribeScalableTargetsCommand,
  DescribeScalingActivitiesCommand,
  DescribeScalingPoliciesCommand,
  DescribeScheduledActionsCommand,
  ListTagsForResourceCommand,
  PutScalingPolicyCommand,
  PutScheduledActionCommand,
  RegisterScalableTargetCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-application-auto-scaling'
import t from 'tap'
import { answered as operations } from '../../src/autoscaling/api.ts'
import { applicationAutoscaling } from '../../src/models/model.ts'
import { appContainer, startEcs } from '../support/ecs.ts'
import { holdToModel } from '../support/model.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('ministack')

const ecs = await startEcs(t)
const answered = new Set<string>()
const client = holdToModel(new ApplicationAutoScalingClient(ecs.clientOptions), applicationAutoscaling, answered)
await ecs.register('web', [appContainer()])
await ecs.createService('web', 'web', { desiredCount: 0 })

const named = { ServiceNamespace: 'ecs', ResourceId: 'service/tests/web', ScalableDimension: 'ecs:service:DesiredCount' } as const
const targets = async () =>
  (await client.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs', ResourceIds: [named.ResourceId] })))
    .ScalableTargets
const policies = async () =>
  (await client.send(new DescribeScalingPoliciesCommand({ ...named, PolicyNames: ['cpu'] }))).ScalingPolicies
const policy = {
  ...named,
  PolicyName: 'cpu',
  PolicyType: 'TargetTrackingScaling' as const,
  TargetTrackingScalingPolicyConfiguration: {
    TargetValue: 60,
    PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' as const },
  },
}

t.test('nothing before a target is registered', async (t) => {
  t.same(await targets(), [])
  await t.rejects(client.send(new PutScalingPolicyCommand(policy)), { name: 'ObjectNotFoundException' })
  await t.rejects(client.send(new DeregisterScalableTargetCommand(named)), {
    name: 'ObjectNotFoundException',
    message:
      'No scalable target found for service namespace: ecs, resource ID: service/tests/web, scalable dimension: ecs:service:DesiredCount',
  })
  await t.rejects(client.send(new RegisterScalableTargetCommand({ ...named, MinCapacity: 1 })), { name: 'ValidationException' })
})

t.test('a target: registered, changed, tagged', async (t) => {
  const { ScalableTargetARN } = await client.send(
    new RegisterScalableTargetCommand({ ...named, MinCapacity: 1, MaxCapacity: 4, Tags: { a: '1' } }),
  )
  t.match(ScalableTargetARN, /^arn:aws:application-autoscaling:us-east-1:000000000000:scalable-target\/\w+$/)
  t.match(await targets(), [
    {
      ...named,
      MinCapacity: 1,
      MaxCapacity: 4,
      ScalableTargetARN,
      RoleARN: /AWSServiceRoleForApplicationAutoScaling_ECSService$/,
      CreationTime: Date,
      SuspendedState: { DynamicScalingInSuspended: false, DynamicScalingOutSuspended: false, ScheduledScalingSuspended: false },
    },
  ])
  t.equal((await ecs.describeService('web')).desiredCount, 1, 'a count below the minimum is raised')
  await client.send(new RegisterScalableTargetCommand({ ...named, MinCapacity: 0, MaxCapacity: 3 }))
  t.match(await targets(), [{ MinCapacity: 0, MaxCapacity: 3, ScalableTargetARN }])
  t.equal((await ecs.describeService('web')).desiredCount, 1, 'one within the limits stays')
  const ResourceARN = ScalableTargetARN as string
  await client.send(new TagResourceCommand({ ResourceARN, Tags: { b: '2' } }))
  await client.send(new UntagResourceCommand({ ResourceARN, TagKeys: ['a'] }))
  t.same((await client.send(new ListTagsForResourceCommand({ ResourceARN }))).Tags, { b: '2' })
  await t.rejects(client.send(new ListTagsForResourceCommand({ ResourceARN: `${ResourceARN}0` })), { name: 'ResourceNotFoundException' })
})

t.test('policies', async (t) => {
  const { PolicyARN } = await client.send(new PutScalingPolicyCommand(policy))
  t.match(
    PolicyARN,
    /^arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:[\w-]+:resource\/ecs\/service\/tests\/web:policyName\/cpu$/,
  )
  t.match(await policies(), [{ ...policy, PolicyARN, CreationTime: Date, Alarms: [] }])
  await client.send(new PutScalingPolicyCommand({ ...policy, TargetTrackingScalingPolicyConfiguration: { TargetValue: 70 } }))
  t.match(await policies(), [{ PolicyARN, TargetTrackingScalingPolicyConfiguration: { TargetValue: 70 } }])
  await client.send(new DeleteScalingPolicyCommand({ ...named, PolicyName: 'cpu' }))
  t.same(await policies(), [])
  await t.rejects(client.send(new DeleteScalingPolicyCommand({ ...named, PolicyName: 'cpu' })), {
    name: 'ObjectNotFoundException',
  })
  t.same((await client.send(new DescribeScalingActivitiesCommand({ ServiceNamespace: 'ecs' }))).ScalingActivities, [])
})

// https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scheduled-scaling.html
t.test('scheduled actions: described as put, and acting at their time', async (t) => {
  const put = (more: object) => client.send(new PutScheduledActionCommand({ ...named, ScheduledActionName: 'office hours', ...more }))
  const describe = async () => (await client.send(new DescribeScheduledActionsCommand({ ...named, ScheduledActionNames: ['office hours'] }))).ScheduledActions
  const morning = { Schedule: 'cron(0 7 ? * MON-FRI *)', Timezone: 'Europe/Berlin', ScalableTargetAction: { MinCapacity: 2, MaxCapacity: 3 } }
  await t.rejects(put({ Schedule: 'cron(0 7 * *)', ScalableTargetAction: { MinCapacity: 2 } }), { name: 'ValidationException' })
  await t.rejects(put({ Schedule: 'rate(5 minutes)' }), { name: 'ValidationException' })
  await t.rejects(put({ ...morning, ScalableTargetAction: { MinCapacity: 4 } }), { name: 'ValidationException', message: /Maximum capacity cannot be less/ })
  await t.rejects(put({ ...morning, ResourceId: 'service/tests/other' }), { name: 'ObjectNotFoundException' })
  await put(morning)
  const [described] = (await describe()) ?? []
  t.match(described, { ...named, ScheduledActionName: 'office hours', ...morning, CreationTime: Date })
  t.match(described?.ScheduledActionARN, /^arn:aws:autoscaling:us-east-1:000000000000:scheduledAction:[\w-]+:resource\/ecs\/service\/tests\/web:scheduledActionName\/office hours$/)

  const soon = new Date(Date.now() + 2000).toISOString().slice(0, 19)
  await put({ Schedule: `at(${soon})`, Timezone: 'UTC' })
  await ecs.waitForService('web', 'has the new minimum', ({ desiredCount }) => desiredCount === 2)
  t.match(await targets(), [{ MinCapacity: 2, MaxCapacity: 3 }])
  t.match(await describe(), [{ Schedule: `at(${soon})` }], 'it stays, though its time is over')
  await client.send(new DeleteScheduledActionCommand({ ...named, ScheduledActionName: 'office hours' }))
  t.same(await describe(), [])
  await t.rejects(client.send(new DeleteScheduledActionCommand({ ...named, ScheduledActionName: 'office hours' })), { name: 'ObjectNotFoundException' })
})

t.test('a target takes its policies and its schedules with it', async (t) => {
  await client.send(new PutScalingPolicyCommand(policy))
  await client.send(new PutScheduledActionCommand({ ...named, ScheduledActionName: 'night', Schedule: 'rate(1 day)', ScalableTargetAction: { MinCapacity: 0 } }))
  await client.send(new DeregisterScalableTargetCommand(named))
  t.same(await targets(), [])
  t.same(await policies(), [])
  t.same((await client.send(new DescribeScheduledActionsCommand({ ServiceNamespace: 'ecs' }))).ScheduledActions, [])
})

t.test('every operation was answered as AWS models it', async (t) => {
  t.same([...answered].sort(), [...operations].sort())
  await t.rejects(client.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'EC2' as 'ec2' })), {
    name: 'ValidationException',
    message: /^1 validation error detected: Value 'EC2' at 'serviceNamespace' failed to satisfy constraint: Member must satisfy enum value set: \[/,
  })
})

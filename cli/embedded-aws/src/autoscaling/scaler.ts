import { randomUUID } from 'node:crypto'
import { ecsArn, scopeOf } from '../arn.ts'
import { now, type Clock } from '../clock.ts'
import type { AlarmState } from '../cloudwatch/alarm-state.ts'
import type { Evaluation } from '../cloudwatch/alarms.ts'
import type { ScalableTarget, ScalingPolicy, Service } from '../records.ts'
import type { Store } from '../state.ts'
import { readTracking, tasksFor } from './target-tracking.ts'

type Seen = { state: AlarmState; value: number | undefined }
type Move = { policy: ScalingPolicy; alarm: string; count: number }

const keptActivities = 100

/** Scales services as the alarms of their target tracking policies say. */
export function createScaler({ store, clock, wake }: { store: Store; clock: Clock; wake: () => void }) {
  const { scaling } = store.state
  const seen = new Map<string, Seen>()
  /** When a policy last scaled out, and a target in. */
  const scaledAt = new Map<string, number>()

  const take = ({ arn, actions, state, value }: Evaluation) => {
    const policy = Object.values(scaling.policies).find(({ PolicyARN }) => actions.includes(PolicyARN))
    if (!policy) return
    seen.set(arn, { state, value })
    const target = targetOf(policy)
    const service = target && serviceOf(policy.PolicyARN, target)
    if (state !== 'ALARM' || !target || !service) return
    const name = arn.slice(arn.indexOf(':alarm:') + ':alarm:'.length)
    const move = name.includes('-AlarmHigh-') ? growth(target, service, policy, name) : shrinkage(target, service, policy, name)
    if (move) apply(target, service, move)
  }

  const targetOf = (policy: ScalingPolicy) =>
    Object.values(scaling.targets).find(
      ({ ResourceId, ScalableDimension, ScalableTargetARN }) =>
        ResourceId === policy.ResourceId && ScalableDimension === policy.ScalableDimension && sameScope(ScalableTargetARN, policy.PolicyARN),
    )

  const serviceOf = (policyArn: string, { ResourceId }: ScalableTarget): Service | undefined => {
    const service = store.state.services[ecsArn(scopeOf(policyArn), ResourceId)]
    return service?.status === 'ACTIVE' ? service : undefined
  }

  /** In the cooldown what was added is given time to tell in the metric. */
  const growth = (target: ScalableTarget, { desiredCount }: Service, policy: ScalingPolicy, alarm: string): Move | undefined => {
    const tracking = readTracking(policy)
    const value = valueOf(policy, 'AlarmHigh')
    if (!tracking || value === undefined || target.SuspendedState?.DynamicScalingOutSuspended) return undefined
    if (isWithin(tracking.ScaleOutCooldown, policy.PolicyARN)) return undefined
    const count = Math.min(target.MaxCapacity, Math.max(desiredCount + 1, tasksFor(desiredCount, value, tracking)))
    return count > desiredCount ? { policy, alarm, count } : undefined
  }

  /**
   * Only when every policy that may scale in says so, and no deployment is under way.
   * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html
   */
  const shrinkage = (target: ScalableTarget, service: Service, policy: ScalingPolicy, alarm: string): Move | undefined => {
    const deploying = service.deployments.some(({ rolloutState }) => rolloutState === 'IN_PROGRESS')
    if (deploying || target.SuspendedState?.DynamicScalingInSuspended) return undefined
    const others = Object.values(scaling.policies).filter((each) => targetOf(each) === target)
    const counts = others.map((each) => countOf(each, service))
    if (counts.includes(undefined)) return undefined
    const cooldown = readTracking(policy)?.ScaleInCooldown ?? 0
    if (isWithin(cooldown, target.ScalableTargetARN)) return undefined
    const count = Math.max(target.MinCapacity, ...counts.filter((each) => each !== undefined))
    return count < service.desiredCount ? { policy, alarm, count } : undefined
  }

  /** The count that a policy would scale in to; undefined while its alarm says nothing of the kind, nought where it never does. */
  const countOf = (policy: ScalingPolicy, { desiredCount }: Service): number | undefined => {
    const tracking = readTracking(policy)
    if (!tracking || tracking.DisableScaleIn) return 0
    const value = valueOf(policy, 'AlarmLow')
    return value === undefined ? undefined : tasksFor(desiredCount, value, tracking)
  }

  /** What one of a policy's alarms last saw, if it is in ALARM. */
  const valueOf = ({ Alarms }: ScalingPolicy, side: string): number | undefined => {
    const found = Alarms.find(({ AlarmName }) => AlarmName.includes(`-${side}-`))
    const { state, value } = seen.get(found?.AlarmARN ?? '') ?? {}
    return state === 'ALARM' ? value : undefined
  }

  const isWithin = (seconds: number, what: string) => clock.since(scaledAt.get(what) ?? 0) < seconds

  const apply = (target: ScalableTarget, service: Service, { policy, alarm, count }: Move) => {
    scaledAt.set(count > service.desiredCount ? policy.PolicyARN : target.ScalableTargetARN, now())
    service.desiredCount = count
    const activity = {
      ActivityId: randomUUID(),
      ServiceNamespace: target.ServiceNamespace,
      ResourceId: target.ResourceId,
      ScalableDimension: target.ScalableDimension,
      Description: `Setting desired count to ${count}.`,
      Cause: `monitor alarm ${alarm} in state ALARM triggered policy ${policy.PolicyName}`,
      StartTime: now(),
      StatusCode: 'InProgress',
      StatusMessage: `Successfully set desired count to ${count}. Waiting for change to be fulfilled by ecs.`,
      own: { targetArn: target.ScalableTargetARN, count },
    }
    scaling.activities = [activity, ...scaling.activities].slice(0, keptActivities)
    store.save()
    wake()
  }

  /** Notes which of the activities the services have caught up with. */
  const settle = () => {
    for (const activity of scaling.activities.filter(({ StatusCode }) => StatusCode === 'InProgress')) {
      const { count, targetArn } = activity.own
      const service = store.state.services[ecsArn(scopeOf(targetArn), activity.ResourceId)]
      if (service?.runningCount !== count) continue
      const StatusMessage = `Successfully set desired count to ${count}. Change successfully fulfilled by ecs.`
      Object.assign(activity, { StatusCode: 'Successful', EndTime: now(), StatusMessage })
    }
  }

  return { take, settle }
}

function sameScope(one: string, other: string): boolean {
  const [a, b] = [scopeOf(one), scopeOf(other)]
  return a.region === b.region && a.account === b.account
}

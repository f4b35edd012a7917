import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  DescribeScalingActivitiesCommand,
} from '@aws-sdk/client-application-auto-scaling'
import { clientDefaults, doing, timedCallOptions } from './client.ts'
import type { ServiceNames } from './ecs.ts'

/** Between which counts a service is scaled, and what last changed its count. */
export type Scaling = { min: number; max: number; last: { at: Date | undefined; cause: string } | null }

/**
 * https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingActivities.html
 * @returns undefined where nothing scales it
 * @throws CliError `unavailable`
 */
export async function describeScaling({ region, cluster, service }: ServiceNames): Promise<Scaling | undefined> {
  const client = new ApplicationAutoScalingClient(clientDefaults(region))
  const ResourceId = `service/${cluster}/${service}`
  const named = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount' } as const
  const targets = client.send(new DescribeScalableTargetsCommand({ ...named, ResourceIds: [ResourceId] }), timedCallOptions())
  const { ScalableTargets: [target] = [] } = await doing(`read how ${service} is scaled`, targets, 'application-autoscaling:DescribeScalableTargets')
  if (!target) return undefined
  const activities = client.send(new DescribeScalingActivitiesCommand({ ...named, ResourceId, MaxResults: 1 }), timedCallOptions())
  const { ScalingActivities: [last] = [] } = await doing(`read what scaled ${service}`, activities, 'application-autoscaling:DescribeScalingActivities')
  return { min: target.MinCapacity ?? 0, max: target.MaxCapacity ?? 0, last: last ? { at: last.StartTime, cause: last.Cause ?? last.Description ?? '' } : null }
}

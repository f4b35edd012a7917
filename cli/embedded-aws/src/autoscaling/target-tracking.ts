import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { dimensions, type Dimension } from '../cloudwatch/metrics.ts'

/** https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html */
const configuration = z.object({
  TargetValue: z.number(),
  DisableScaleIn: z.boolean().default(false),
  ScaleInCooldown: z.number().default(300),
  ScaleOutCooldown: z.number().default(300),
  PredefinedMetricSpecification: z.object({ PredefinedMetricType: z.string(), ResourceLabel: z.string().optional() }).optional(),
  CustomizedMetricSpecification: z
    .object({
      MetricName: z.string(),
      Namespace: z.string(),
      Statistic: z.string(),
      Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
    })
    .optional(),
})
export type Tracking = z.infer<typeof configuration>

type Tracked = { Namespace: string; MetricName: string; Statistic: string; Dimensions: Dimension[] }

/** AWS's own alarms: three minutes above the target, or fifteen below nine tenths of it. */
const high = { name: 'AlarmHigh', ComparisonOperator: 'GreaterThanThreshold', EvaluationPeriods: 3, share: 1 }
const low = { name: 'AlarmLow', ComparisonOperator: 'LessThanThreshold', EvaluationPeriods: 15, share: 0.9 }

/** @returns undefined for a policy of another kind, or on a metric that is not known here */
export function readTracking(policy: Record<string, unknown>): Tracking | undefined {
  if (policy.PolicyType !== 'TargetTrackingScaling') return undefined
  return configuration.safeParse(policy.TargetTrackingScalingPolicyConfiguration).data
}

/**
 * The alarms that a policy acts on, as Application Auto Scaling makes them.
 * https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
 * @param resource such as `service/cluster/name`
 * @param policyArn what the alarms name as their action
 */
export function alarmsFor(tracking: Tracking, resource: string, policyArn: string) {
  const metric = findMetric(tracking, resource)
  if (!metric) return []
  const id = randomUUID()
  const sides = tracking.DisableScaleIn ? [high] : [high, low]
  return sides.map(({ name, share, ...alarm }) => ({
    ...metric,
    ...alarm,
    AlarmName: `TargetTracking-${resource}-${name}-${id}`,
    AlarmDescription: `DO NOT EDIT OR DELETE. For TargetTrackingScaling policy ${policyArn}.`,
    AlarmActions: [policyArn],
    Period: 60,
    Threshold: tracking.TargetValue * share,
  }))
}

function findMetric({ PredefinedMetricSpecification: predefined, CustomizedMetricSpecification: custom }: Tracking, resource: string): Tracked | undefined {
  if (custom) return custom
  const [, ClusterName = '', ServiceName = ''] = resource.split('/')
  const ofService = { Namespace: 'AWS/ECS', Statistic: 'Average', Dimensions: dimensions({ ClusterName, ServiceName }) }
  const [, LoadBalancer = '', TargetGroup = ''] = /^(.*)\/(targetgroup\/.*)$/.exec(predefined?.ResourceLabel ?? '') ?? []
  const known: Record<string, Tracked> = {
    ECSServiceAverageCPUUtilization: { ...ofService, MetricName: 'CPUUtilization' },
    ECSServiceAverageMemoryUtilization: { ...ofService, MetricName: 'MemoryUtilization' },
    ALBRequestCountPerTarget: {
      Namespace: 'AWS/ApplicationELB',
      MetricName: 'RequestCountPerTarget',
      Statistic: 'Sum',
      Dimensions: dimensions({ LoadBalancer, TargetGroup }),
    },
  }
  return known[predefined?.PredefinedMetricType ?? '']
}

/** How many tasks bring a metric that every task has a part in to its target. */
export const tasksFor = (count: number, value: number, { TargetValue }: Tracking) => Math.ceil((count * value) / TargetValue)

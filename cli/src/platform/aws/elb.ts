import { DescribeTargetHealthCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2'
import { clientDefaults, doing, timedCallOptions } from './client.ts'

/** A target as its load balancer sees it; `reason` is a code such as Target.ResponseCodeMismatch. */
export type Target = { address: string; state: string; reason: string | undefined; description: string | undefined }

/**
 * The targets of a target group
 * (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html).
 * @throws CliError `unavailable`
 */
export async function describeTargets(targetGroupArn: string, region: string): Promise<Target[]> {
  const asked = new ElasticLoadBalancingV2Client(clientDefaults(region)).send(new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn }), timedCallOptions())
  const { TargetHealthDescriptions: targets = [] } = await doing('read the health of the targets', asked, 'elasticloadbalancing:DescribeTargetHealth')
  return targets.map(({ Target: target, TargetHealth: health }) => ({
    address: target?.Id ?? '',
    state: health?.State ?? 'unknown',
    reason: health?.Reason,
    description: health?.Description,
  }))
}

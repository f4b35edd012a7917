import {
  DescribeListenersCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { awsError, clientDefaults, doing, timedCallOptions } from './client.ts'

/** A target as its load balancer sees it; `reason` is a code, and `description` says it in words. */
export type Target = { id: string; port: number | null; zone: string | null; state: string; reason: string | null; description: string | null }

const client = (region: string) => new ElasticLoadBalancingV2Client(clientDefaults(region))

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html @throws CliError `unavailable` */
export async function describeTargets(targetGroup: string, region: string): Promise<Target[]> {
  const asked = client(region).send(new DescribeTargetHealthCommand({ TargetGroupArn: targetGroup }), timedCallOptions())
  const { TargetHealthDescriptions = [] } = await doing("read the targets' health", asked, 'elasticloadbalancing:DescribeTargetHealth')
  return TargetHealthDescriptions.map(({ Target, TargetHealth }) => ({
    id: Target?.Id ?? '',
    port: Target?.Port ?? null,
    zone: Target?.AvailabilityZone ?? null,
    state: TargetHealth?.State ?? 'unknown',
    reason: TargetHealth?.Reason ?? null,
    description: TargetHealth?.Description ?? null,
  }))
}

/** The ARN of the load balancer in front of a target group, if there is one. @throws CliError `unavailable` */
export async function findBalancerOf(targetGroup: string, region: string): Promise<string | undefined> {
  const groups = client(region).send(new DescribeTargetGroupsCommand({ TargetGroupArns: [targetGroup] }), timedCallOptions())
  const { TargetGroups = [] } = await doing('read the target group', groups, 'elasticloadbalancing:DescribeTargetGroups')
  return TargetGroups[0]?.LoadBalancerArns?.[0]
}

/** Whether the load balancer in front of a target group refuses to be deleted. @throws CliError `unavailable` */
export async function isDeletionProtected(targetGroup: string, region: string): Promise<boolean> {
  const arn = await findBalancerOf(targetGroup, region)
  if (!arn) return false
  const asked = client(region).send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn: arn }), timedCallOptions())
  const { Attributes = [] } = await doing("read the load balancer's attributes", asked, 'elasticloadbalancing:DescribeLoadBalancerAttributes')
  return Attributes.some(({ Key, Value }) => Key === 'deletion_protection.enabled' && Value === 'true')
}

/** @returns the ARN of the load balancer of this name; undefined where there is none @throws CliError `unavailable` */
export async function findLoadBalancer(name: string, region: string): Promise<string | undefined> {
  const asked = client(region).send(new DescribeLoadBalancersCommand({ Names: [name] }), timedCallOptions())
  const { LoadBalancers = [] } = await orNone(asked, 'LoadBalancerNotFoundException', `look for the load balancer ${name}`)
  return LoadBalancers[0]?.LoadBalancerArn
}

/** @returns the ARN of the target group of this name; undefined where there is none @throws CliError `unavailable` */
export async function findTargetGroup(name: string, region: string): Promise<string | undefined> {
  const asked = client(region).send(new DescribeTargetGroupsCommand({ Names: [name] }), timedCallOptions())
  const { TargetGroups = [] } = await orNone(asked, 'TargetGroupNotFoundException', `look for the target group ${name}`)
  return TargetGroups[0]?.TargetGroupArn
}

/** @returns the ARN of a load balancer's listener on a port; undefined where there is none @throws CliError `unavailable` */
export async function findListener(loadBalancer: string, port: number, region: string): Promise<string | undefined> {
  const asked = client(region).send(new DescribeListenersCommand({ LoadBalancerArn: loadBalancer }), timedCallOptions())
  const { Listeners = [] } = await orNone(asked, 'LoadBalancerNotFoundException', 'read the listeners of the load balancer')
  return Listeners.find(({ Port }) => Port === port)?.ListenerArn
}

function orNone<Found extends object>(asked: Promise<Found>, none: string, what: string): Promise<Partial<Found>> {
  return asked.catch((cause: unknown) => {
    if ((cause as Error).name === none) return {}
    throw awsError(what, cause)
  })
}

import {
  DescribeListenersCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeRulesCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  type Action,
  type ElasticLoadBalancingV2Client,
  type RuleCondition,
  type TargetGroup as ElbTargetGroup,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { decodeAction, decodeCondition } from './elb-encoding.ts'
import type { TargetGroup } from './target-health.ts'

export type Rule = { arn: string; priority: string; conditions: RuleCondition[]; actions: Action[] }

export type Listener = { arn: string; loadBalancerArn: string; port: number; protocol: string; rules: Rule[] }

export type LoadBalancer = { arn: string; dnsName: string; idleTimeoutSeconds: number; dropInvalidHeaders: boolean; deletionProtection: boolean }

export type BalancerConfig = { loadBalancers: LoadBalancer[]; listeners: Listener[]; groups: TargetGroup[] }

/** Reads everything that is configured in one region. */
export async function readBalancerConfig(elb: ElasticLoadBalancingV2Client): Promise<BalancerConfig> {
  const [{ LoadBalancers = [] }, { TargetGroups = [] }] = await Promise.all([
    elb.send(new DescribeLoadBalancersCommand({})),
    elb.send(new DescribeTargetGroupsCommand({})),
  ])
  const loadBalancers = await Promise.all(LoadBalancers.map(({ LoadBalancerArn = '', DNSName = '' }) => readOne(elb, LoadBalancerArn, DNSName)))
  const listeners = (await Promise.all(loadBalancers.map(({ arn }) => readListeners(elb, arn)))).flat()
  const used = new Set(listeners.flatMap(({ rules }) => rules.flatMap(({ actions }) => actions.flatMap(targetGroupsOf))))
  const groups = await Promise.all(TargetGroups.map((group) => readGroup(elb, group, used)))
  return { loadBalancers, listeners, groups }
}

async function readOne(elb: ElasticLoadBalancingV2Client, arn: string, dnsName: string): Promise<LoadBalancer> {
  const { Attributes = [] } = await elb.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn: arn }))
  const value = (key: string) => Attributes.find(({ Key }) => Key === key)?.Value
  return {
    arn,
    dnsName,
    idleTimeoutSeconds: Number(value('idle_timeout.timeout_seconds') ?? 60),
    deletionProtection: value('deletion_protection.enabled') === 'true',
    dropInvalidHeaders: value('routing.http.drop_invalid_header_fields.enabled') === 'true',
  }
}

async function readListeners(elb: ElasticLoadBalancingV2Client, loadBalancerArn: string): Promise<Listener[]> {
  const { Listeners = [] } = await elb.send(new DescribeListenersCommand({ LoadBalancerArn: loadBalancerArn }))
  return Promise.all(
    Listeners.map(async ({ ListenerArn = '', Port = 80, Protocol = 'HTTP' }) => {
      const { Rules = [] } = await elb.send(new DescribeRulesCommand({ ListenerArn }))
      const order = (priority = 'default') => (priority === 'default' ? Infinity : Number(priority))
      const sorted = Rules.toSorted((a, b) => order(a.Priority) - order(b.Priority))
      const rules = sorted.map(({ RuleArn = '', Priority = 'default', Conditions = [], Actions = [] }) => ({
        arn: RuleArn,
        priority: Priority,
        conditions: Conditions.map(decodeCondition),
        actions: Actions.map(decodeAction),
      }))
      return { arn: ListenerArn, loadBalancerArn, port: Port, protocol: Protocol, rules }
    }),
  )
}

async function readGroup(elb: ElasticLoadBalancingV2Client, group: ElbTargetGroup, used: Set<string>): Promise<TargetGroup> {
  const arn = group.TargetGroupArn ?? ''
  const { Attributes = [] } = await elb.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn: arn }))
  const delay = Attributes.find(({ Key }) => Key === 'deregistration_delay.timeout_seconds')?.Value
  const own = group.HealthCheckPort === 'traffic-port' || !group.HealthCheckPort
  return {
    arn,
    port: group.Port ?? 80,
    inUse: used.has(arn),
    healthCheck: {
      enabled: group.HealthCheckEnabled ?? true,
      path: group.HealthCheckPath ?? '/',
      ...(own ? {} : { port: Number(group.HealthCheckPort) }),
      matcher: group.Matcher?.HttpCode ?? '200',
      intervalSeconds: group.HealthCheckIntervalSeconds ?? 30,
      timeoutSeconds: group.HealthCheckTimeoutSeconds ?? 5,
      healthyThreshold: group.HealthyThresholdCount ?? 5,
      unhealthyThreshold: group.UnhealthyThresholdCount ?? 2,
    },
    deregistrationDelaySeconds: Number(delay ?? 300),
  }
}

/** The target groups that an action forwards to, with their weights where it has any. */
export function targetGroupsOf(action: Action): string[] {
  const weighted = action.ForwardConfig?.TargetGroups?.map(({ TargetGroupArn }) => TargetGroupArn ?? '') ?? []
  return weighted.length > 0 ? weighted : action.TargetGroupArn ? [action.TargetGroupArn] : []
}

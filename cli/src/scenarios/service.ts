import {
  ApplicationAutoScalingClient,
  DeleteScalingPolicyCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling'
import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch'
import {
  DescribeTaskDefinitionCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
  type RegisterTaskDefinitionCommandInput,
  type UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs'
import { describeScaling } from '../platform/aws/autoscaling.ts'
import { callOptions, clientDefaults, doing } from '../platform/aws/client.ts'
import { describeAlarms } from '../platform/aws/cloudwatch.ts'
import { findBalancerOf } from '../platform/aws/elb.ts'
import { run } from '../platform/run.ts'
import type { DeployedService } from '../rollout/service.ts'

export type { RegisterTaskDefinitionCommandInput as Version }
export type { Service, Task } from '../platform/aws/ecs.ts'

export type RehearsedService = ReturnType<typeof makeBreakable>

/** Adds the calls with which scenarios change the service, or break what it runs on. */
export function makeBreakable(deployed: DeployedService) {
  const { region, cluster, service } = deployed
  const ecs = new ECSClient(clientDefaults(region))
  const cloudwatch = new CloudWatchClient(clientDefaults(region))
  const autoscaling = new ApplicationAutoScalingClient(clientDefaults(region))
  const scaled = { ServiceNamespace: 'ecs', ResourceId: `service/${cluster}/${service}`, ScalableDimension: 'ecs:service:DesiredCount' } as const
  const tracking = { ...scaled, PolicyName: 'fargate-ctl-rehearsal' }

  /** The service's load balancer and target group, as CloudWatch names them. */
  const findTraffic = async () => {
    const { loadBalancers: [first] = [] } = await deployed.describe()
    const group = first?.targetGroupArn ?? ''
    const balancer = (await findBalancerOf(group, region)) ?? ''
    return { LoadBalancer: balancer.split(':loadbalancer/')[1] ?? '', TargetGroup: group.split(':').at(-1) ?? '' }
  }

  return {
    ...deployed,

    /** @returns what `RegisterTaskDefinition` takes to make this revision again */
    readVersion: async (taskDefinition: string): Promise<RegisterTaskDefinitionCommandInput> => {
      const asked = ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }), callOptions)
      const { taskDefinition: found = {} } = await doing(`read ${taskDefinition}`, asked)
      const { family, containerDefinitions, cpu, memory, networkMode, executionRoleArn, taskRoleArn, volumes } = found
      const roles = { executionRoleArn, taskRoleArn }
      const platform = { runtimePlatform: found.runtimePlatform, requiresCompatibilities: ['FARGATE' as const] }
      return { family, containerDefinitions, cpu, memory, networkMode, volumes, ...roles, ...platform }
    },

    /** @returns the new revision's ARN */
    register: async (version: RegisterTaskDefinitionCommandInput): Promise<string> => {
      const asked = ecs.send(new RegisterTaskDefinitionCommand(version), callOptions)
      return (await doing('register a task definition', asked)).taskDefinition?.taskDefinitionArn ?? ''
    },

    update: async (settings: Omit<UpdateServiceCommandInput, 'cluster' | 'service'>): Promise<void> => {
      await doing(`update the service ${service}`, ecs.send(new UpdateServiceCommand({ cluster, service, ...settings })))
    },

    /** Changes an alarm's state as `SetAlarmState` does. */
    setAlarm: async (AlarmName: string, StateValue: 'OK' | 'ALARM'): Promise<void> => {
      const state = { AlarmName, StateValue, StateReason: 'Set by the rehearsal' }
      await doing(`set the alarm ${AlarmName}`, cloudwatch.send(new SetAlarmStateCommand(state)))
    },

    /** Makes an alarm on more than ten answers of the app in a minute that are 5xx. */
    alarmOnErrors: async (AlarmName: string): Promise<void> => {
      const Dimensions = Object.entries(await findTraffic()).map(([Name, Value]) => ({ Name, Value }))
      const metric = { MetricName: 'HTTPCode_Target_5XX_Count', Namespace: 'AWS/ApplicationELB', Dimensions, Statistic: 'Sum' as const, Period: 60 }
      const rule = { EvaluationPeriods: 1, Threshold: 10, ComparisonOperator: 'GreaterThanThreshold' as const, TreatMissingData: 'notBreaching' }
      await doing(`make the alarm ${AlarmName}`, cloudwatch.send(new PutMetricAlarmCommand({ AlarmName, ...metric, ...rule })))
    },

    alarmState: async (name: string): Promise<string | undefined> => (await describeAlarms([name], region))[0]?.state,

    /** Lets autoscaling leave the count alone, or not; where nothing scales the service, nothing is done. */
    suspendScaling: async (suspended: boolean): Promise<void> => {
      if (!(await describeScaling(deployed))) return
      const SuspendedState = { DynamicScalingInSuspended: suspended, DynamicScalingOutSuspended: suspended }
      await doing('suspend autoscaling', autoscaling.send(new RegisterScalableTargetCommand({ ...scaled, SuspendedState })))
    },

    /** Has autoscaling hold so many requests a minute and task, besides what it holds already. */
    trackRequests: async (perMinute: number): Promise<void> => {
      const { LoadBalancer, TargetGroup } = await findTraffic()
      const PredefinedMetricSpecification = { PredefinedMetricType: 'ALBRequestCountPerTarget' as const, ResourceLabel: `${LoadBalancer}/${TargetGroup}` }
      const configuration = { TargetValue: perMinute, ScaleInCooldown: 60, ScaleOutCooldown: 60, PredefinedMetricSpecification }
      const policy = { ...tracking, PolicyType: 'TargetTrackingScaling' as const, TargetTrackingScalingPolicyConfiguration: configuration }
      await doing('make a scaling policy', autoscaling.send(new PutScalingPolicyCommand(policy)))
    },

    trackNoRequests: async (): Promise<void> => {
      await doing('delete the scaling policy', autoscaling.send(new DeleteScalingPolicyCommand(tracking)))
    },

    /** Causes a fault of AWS itself; `embedded-aws fault --help` lists them. */
    control: async (fault: 'capacity' | 'spot-interruption' | 'zone-loss' | 'kill', input: Record<string, string | string[] | undefined>): Promise<void> => {
      // Which embedded AWS it is for stands in the environment that a rehearsal enters.
      await run('embedded-aws', ['fault', fault, ...Object.entries(input).map(([name, value]) => `${name}=${String(value ?? '')}`)])
    },
  }
}

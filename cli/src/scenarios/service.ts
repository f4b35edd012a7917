import { CloudWatchClient, PutMetricAlarmCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch'
import {
  DescribeTaskDefinitionCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
  type RegisterTaskDefinitionCommandInput,
  type UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs'
import { callOptions, clientDefaults, doing } from '../platform/aws/client.ts'
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

    /** Makes an alarm that is OK, or changes its state as `SetAlarmState` does. */
    setAlarm: async (AlarmName: string, StateValue: 'OK' | 'ALARM'): Promise<void> => {
      const metric = { MetricName: 'HTTPCode_Target_5XX_Count', Namespace: 'AWS/ApplicationELB', Statistic: 'Sum' as const, Period: 60 }
      const rule = { EvaluationPeriods: 1, Threshold: 10, ComparisonOperator: 'GreaterThanThreshold' as const }
      const made = StateValue === 'OK' ? cloudwatch.send(new PutMetricAlarmCommand({ AlarmName, ...metric, ...rule })) : undefined
      await doing(`make the alarm ${AlarmName}`, Promise.resolve(made))
      const state = { AlarmName, StateValue, StateReason: 'Set by the rehearsal' }
      await doing(`set the alarm ${AlarmName}`, cloudwatch.send(new SetAlarmStateCommand(state)))
    },

    /** Causes a fault of AWS itself; `embedded-aws fault --help` lists them. */
    control: async (fault: 'capacity' | 'spot-interruption' | 'zone-loss' | 'kill', input: Record<string, string | string[] | undefined>): Promise<void> => {
      // Which embedded AWS it is for stands in the environment that a rehearsal enters.
      await run('embedded-aws', ['fault', fault, ...Object.entries(input).map(([name, value]) => `${name}=${String(value ?? '')}`)])
    },
  }
}

import {
  DescribeServiceDeploymentsCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListServiceDeploymentsCommand,
  paginateListTasks,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
  type RegisterTaskDefinitionCommandInput,
  type Service,
  type ServiceDeployment,
  type Task,
  type UpdateServiceCommandInput,
} from '@aws-sdk/client-ecs'
import { z } from 'zod'
import { awsError, callOptions, clientDefaults } from '../../aws/client.ts'
import type { Settings } from '../../config/settings.ts'
import { createUpstream } from '../gateway/upstream.ts'

const logEvents = z.object({ events: z.array(z.object({ message: z.string() })).default([]) })

export type { RegisterTaskDefinitionCommandInput as Version, Service, ServiceDeployment, Task }

/** Names that find one service, its container and its logs. */
export type Names = { region: string; cluster: string; service: string; container: string; logGroup: string }

export type EcsService = ReturnType<typeof openService>

/** Enough for a stack trace. */
const logLines = 40
const account = '000000000000'

/** What of Terraform's outputs names the service. */
const outputsSchema = z.looseObject({
  cluster_name: z.string(),
  service_name: z.string(),
  container_name: z.string(),
  log_group_name: z.string(),
})

/** Opens the service that the rehearsal deployed. @param outputs Terraform's */
export function findService({ inputs }: Settings, outputs: unknown): EcsService {
  const names = outputsSchema.parse(outputs)
  return openService({
    region: inputs.region,
    cluster: names.cluster_name,
    service: names.service_name,
    container: names.container_name,
    logGroup: names.log_group_name,
  })
}

/** The calls that scenarios make about one service of the rehearsal, through the same APIs as on AWS. */
export function openService({ region, cluster, service, container, logGroup }: Names) {
  const ecs = new ECSClient(clientDefaults(region))
  const aws = createUpstream(process.env.AWS_ENDPOINT_URL ?? '')
  const scope = { region, account }
  const doing = <Result>(what: string, work: Promise<Result>) =>
    work.catch((error: unknown) => Promise.reject(awsError(what, error)))

  const listTasks = async (desiredStatus: 'RUNNING' | 'STOPPED', known: Set<string>): Promise<Task[]> => {
    const found: Task[] = []
    for await (const { taskArns = [] } of paginateListTasks({ client: ecs }, { cluster, serviceName: service, desiredStatus })) {
      const tasks = taskArns.filter((arn) => !known.has(arn))
      if (tasks.length === 0) continue
      found.push(...((await ecs.send(new DescribeTasksCommand({ cluster, tasks }), callOptions)).tasks ?? []))
    }
    return found
  }

  const listDeployments = async (after: Date): Promise<ServiceDeployment[]> => {
    const listed = await ecs.send(new ListServiceDeploymentsCommand({ cluster, service, createdAt: { after } }), callOptions)
    const serviceDeploymentArns = (listed.serviceDeployments ?? []).map(({ serviceDeploymentArn = '' }) => serviceDeploymentArn)
    if (serviceDeploymentArns.length === 0) return []
    const asked = ecs.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns }), callOptions)
    return ((await asked).serviceDeployments ?? []).toReversed()
  }

  return {
    /** The service's tasks, as `ListTasks` and `DescribeTasks` show them; ARNs that are `known` are left out. */
    tasks: (desiredStatus: 'RUNNING' | 'STOPPED', known = new Set<string>()) =>
      doing(`read the tasks of ${service}`, listTasks(desiredStatus, known)),

    describe: async (): Promise<Service> => {
      const asked = ecs.send(new DescribeServicesCommand({ cluster, services: [service] }), callOptions)
      const { services = [] } = await doing(`read the service ${service}`, asked)
      return services[0] as Service
    },

    /** Deployments that began after `since`, oldest first. */
    deployments: (since: Date) => doing(`read the deployments of ${service}`, listDeployments(since)),

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

    /** The last lines that a task wrote to its log stream. */
    readLog: async ({ taskArn = '' }: Task): Promise<string[]> => {
      const logStreamName = `ecs/${container}/${taskArn.split('/').at(-1)}`
      const input = { logGroupName: logGroup, logStreamName, limit: logLines, startFromHead: false }
      const { events } = await aws.read(logEvents, scope, 'logs', 'GetLogEvents', input).catch(() => ({ events: [] }))
      return events.map(({ message }) => message)
    },

    /** Makes an alarm that is OK, or changes its state as `SetAlarmState` does. */
    setAlarm: async (AlarmName: string, StateValue: 'OK' | 'ALARM'): Promise<void> => {
      const metric = { MetricName: 'HTTPCode_Target_5XX_Count', Namespace: 'AWS/ApplicationELB', Statistic: 'Sum', Period: 60 }
      const rule = { EvaluationPeriods: 1, Threshold: 10, ComparisonOperator: 'GreaterThanThreshold' }
      if (StateValue === 'OK') await aws.call(scope, 'monitoring', 'PutMetricAlarm', { AlarmName, ...metric, ...rule })
      await aws.call(scope, 'monitoring', 'SetAlarmState', { AlarmName, StateValue, StateReason: 'Set by the rehearsal' })
    },

    /** Causes a fault of AWS itself; see the gateway's control.ts. */
    control: async (fault: 'capacity' | 'spot-interruption' | 'zone-loss' | 'kill', input: object): Promise<void> => {
      const request = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(input) }
      const answer = await fetch(new URL(`/_rehearsal/${fault}`, process.env.AWS_ENDPOINT_URL), request)
      if (!answer.ok) throw new Error(`${fault}: ${await answer.text()}`)
    },
  }
}

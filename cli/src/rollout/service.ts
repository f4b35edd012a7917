import { z } from 'zod'
import { openService, type ServiceNames, type Task, type TaskDefinition } from '../platform/aws/ecs.ts'
import { openLogGroup } from '../platform/aws/logs.ts'
import { interruption } from '../platform/interrupts.ts'
import { failedContainer } from './timeline.ts'

const text = z.string().min(1).optional().catch(undefined)

/** What of Terraform's outputs tells where the app is and how to find its service; other people's have less of it. */
const outputsSchema = z.object({
  alb_url: z.url({ protocol: /^https?$/ }).optional().catch(undefined),
  alb_dns_name: text,
  service_arn: text,
  cluster_name: text,
  service_name: text,
  task_definition_arn: text,
  container_name: text,
  log_group_name: text,
  target_group_arn: text,
  health_check_path: z.string().startsWith('/').default('/healthz').catch('/healthz'),
})

export type Outputs = z.infer<typeof outputsSchema>

/** @param outputs Terraform's, values by name */
export const readServiceOutputs = (outputs: unknown): Outputs => outputsSchema.parse(outputs)

export type DeployedService = ReturnType<typeof openDeployed>

/** Enough for a stack trace. */
const logLines = 40

/**
 * Opens the service that Terraform's outputs name.
 * @param region where it is, if its ARN is not among them
 * @returns undefined where they name none
 */
export function findDeployedService(region: string, outputs: Outputs): DeployedService | undefined {
  // arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/SERVICE; ARNs of before 2018 name no cluster.
  const arn = /^arn:[^:]+:ecs:(?<region>[^:]+):\d*:service\/(?:(?<cluster>[^/]+)\/)?(?<service>[^/]+)$/.exec(outputs.service_arn ?? '')?.groups
  const { cluster = outputs.cluster_name, service = outputs.service_name } = arn ?? {}
  return cluster && service ? openDeployed({ region: arn?.region ?? region, cluster, service }, outputs) : undefined
}

function openDeployed(names: ServiceNames, { container_name: app, log_group_name: appLogGroup }: Outputs) {
  const service = openService(names)
  const definitions = new Map<string, Promise<TaskDefinition | undefined>>()

  /** Undefined where it may not be read: it only explains what is known otherwise. */
  const readDefinition = (arn: string) => {
    const asked = definitions.get(arn) ?? service.taskDefinition(arn).catch(() => (interruption.throwIfAborted(), undefined))
    definitions.set(arn, asked)
    return asked
  }

  return {
    ...names,
    ...service,

    /** What the task definition says of the container that a task ended for, and the last lines that this one wrote. */
    explain: async (task: Task) => {
      const { name = app ?? '' } = failedContainer(task, app) ?? {}
      const { containerDefinitions = [] } = (await readDefinition(task.taskDefinitionArn ?? '')) ?? {}
      const definition = containerDefinitions.find((each) => each.name === name)
      const { 'awslogs-group': group = appLogGroup, 'awslogs-stream-prefix': prefix = 'ecs' } = definition?.logConfiguration?.options ?? {}
      const stream = `${prefix}/${name}/${task.taskArn?.split('/').at(-1)}`
      const lines = group ? openLogGroup(group, names.region).readLastLines(stream, logLines) : Promise.resolve([])
      const log = await lines.catch(() => (interruption.throwIfAborted(), []))
      return { log, healthCheck: definition?.healthCheck?.command }
    },
  }
}

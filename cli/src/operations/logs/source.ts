import { openLogGroup } from '../../platform/aws/logs.ts'
import type { ContainerDefinition, TaskDefinition } from '../../platform/aws/ecs.ts'
import { CliError } from '../../platform/errors.ts'
import { interruption } from '../../platform/interrupts.ts'
import type { Deployed } from '../open-service.ts'

/** Where a container of the service's tasks writes, by its task definition. */
export type LogSource = {
  group: string
  region: string
  /** How the streams' names begin; the task's id follows: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html */
  prefix: string
  /** `non-blocking` loses lines while CloudWatch is slow; undefined where it is not known. */
  mode: string | undefined
  log: ReturnType<typeof openLogGroup>
}

/** @throws CliError `unavailable` where the container does not log to CloudWatch */
export async function findLogSource({ service, outputs }: Deployed): Promise<LogSource> {
  const definition = await readDefinition(service)
  const { containerDefinitions = [] } = definition ?? {}
  const app = containerDefinitions.find(({ name }) => name === outputs.container_name) ?? containerDefinitions[0]
  return logSourceOf(app, outputs.container_name, outputs.log_group_name, service.region)
}

/** @param name the container's, and `fallback` its log group, where its definition may not be read */
export function logSourceOf(definition: ContainerDefinition | undefined, name: string | undefined, fallback: string | undefined, region: string): LogSource {
  const { logDriver, options = {} } = definition?.logConfiguration ?? {}
  const { 'awslogs-group': group = fallback, 'awslogs-stream-prefix': prefix = 'ecs', mode = definition ? 'non-blocking' : undefined } = options
  if (logDriver !== undefined && logDriver !== 'awslogs') {
    throw new CliError('unavailable', `The app logs by ${logDriver}, not to CloudWatch Logs.`, { fix: 'Read its log where that one writes to.' })
  }
  if (!group) throw new CliError('unavailable', 'Neither the task definition nor Terraform names a log group.', { fix: 'Let infrastructure/outputs.tf give log_group_name.' })
  return { group, region, prefix: `${prefix}/${definition?.name ?? name ?? 'app'}/`, mode, log: openLogGroup(group, region) }
}

/** Undefined where it may not be read: Terraform's outputs name the group, too. */
async function readDefinition(service: Deployed['service']): Promise<TaskDefinition | undefined> {
  try {
    return await service.taskDefinition((await service.describe()).taskDefinition ?? '')
  } catch {
    interruption.throwIfAborted()
    return undefined
  }
}

/** What may be missing from a log, and why. */
export function describeSource({ group, mode }: LogSource): string {
  if (mode === undefined) return `${group}; its log mode is not known`
  const gaps = mode === 'blocking' ? 'no line is lost' : 'lines can be missing: what does not fit the buffer while CloudWatch is slow, and last words'
  return `${group}, log mode ${mode}: ${gaps}`
}

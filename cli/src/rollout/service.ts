import { openService, type ContainerDefinition, type Service, type ServiceNames, type Task, type TaskDefinition } from '../platform/aws/ecs.ts'
import { describeTargets, type Target } from '../platform/aws/elb.ts'
import { openLogGroup } from '../platform/aws/logs.ts'
import { CliError } from '../platform/errors.ts'
import { interruption } from '../platform/interrupts.ts'
import { findService, type Outputs } from '../terraform/service-outputs.ts'
import type { StoppedTask } from './observe.ts'
import { failedContainer } from './timeline.ts'

export { readServiceOutputs, type Outputs } from '../terraform/service-outputs.ts'

export type DeployedService = ReturnType<typeof openDeployed>

/** Enough for a stack trace. */
const logLines = 40

/**
 * Opens the service that Terraform's outputs name.
 * @param region where it is, if its ARN is not among them
 * @returns undefined where they name none
 */
export function findDeployedService(region: string, outputs: Outputs): DeployedService | undefined {
  const names = findService(region, outputs)
  return names && openDeployed(names, outputs)
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

    /** The health of the targets that the load balancers lead to; undefined where it may not be read. */
    targets: async ({ loadBalancers = [] }: Service): Promise<Target[] | undefined> => {
      const groups = loadBalancers.flatMap(({ targetGroupArn }) => targetGroupArn ?? [])
      if (groups.length === 0) return undefined
      const read = Promise.all(groups.map((group) => describeTargets(group, names.region)))
      return read.then((targets) => targets.flat()).catch(() => (interruption.throwIfAborted(), undefined))
    },

    /** What the task definition says of the container that a task ended for, and the last lines that this one wrote. */
    explain: async (task: Task): Promise<Omit<StoppedTask, 'task'>> => {
      const { name = app ?? '' } = failedContainer(task, app) ?? {}
      const { containerDefinitions = [] } = (await readDefinition(task.taskDefinitionArn ?? '')) ?? {}
      const definition = containerDefinitions.find((each) => each.name === name)
      const portVariable = definition?.environment?.find((each) => each.name === 'PORT')?.value
      return { ...(await readLog(task, name, definition)), healthCheck: definition?.healthCheck?.command, portVariable }
    },
  }

  async function readLog(task: Task, container: string, definition: ContainerDefinition | undefined): Promise<Pick<StoppedTask, 'log' | 'noLog'>> {
    const { logDriver, options = {} } = definition?.logConfiguration ?? {}
    const { 'awslogs-group': group = appLogGroup, 'awslogs-stream-prefix': prefix = 'ecs', mode = 'non-blocking' } = options
    if (logDriver && logDriver !== 'awslogs') return { log: [], noLog: `The container logs by ${logDriver}, not to CloudWatch: look there.` }
    if (!group) return { log: [], noLog: 'The task definition names no log group for the container.' }
    try {
      const log = await openLogGroup(group, names.region).readLastLines(`${prefix}/${container}/${task.taskArn?.split('/').at(-1)}`, logLines)
      return log.length > 0 ? { log } : { log, noLog: whyNone(task, group, mode) }
    } catch (error) {
      interruption.throwIfAborted()
      return { log: [], noLog: error instanceof CliError ? `${error.message} ${error.fix ?? ''}`.trim() : `${group} could not be read.` }
    }
  }
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html: non-blocking is the default since 2025-06. */
function whyNone({ stopCode, startedAt }: Task, group: string, mode: string): string {
  if (stopCode === 'TaskFailedToStart' && !startedAt) return `No container of the task has started, so ${group} has no line of it.`
  const lost = mode === 'blocking' ? '' : ' awslogs is non-blocking (log_mode), so that last words can be lost; some arrive a minute later.'
  return `${group} has no line of it: the container wrote none, or has not yet.${lost}`
}

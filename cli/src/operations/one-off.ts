import { setTimeout as sleep } from 'node:timers/promises'
import { isDenied } from '../platform/aws/client.ts'
import type { ContainerDefinition, Service, Task, TaskDefinition } from '../platform/aws/ecs.ts'
import { CliError, describeCause } from '../platform/errors.ts'
import { interruption } from '../platform/interrupts.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { diagnose } from '../rollout/diagnose.ts'
import type { Deployed } from '../rollout/open.ts'
import { containerOf } from '../rollout/prove.ts'
import { idOf } from '../rollout/timeline.ts'
import { describeEnd } from './logs/previous.ts'
import { logSourceOf } from './logs/source.ts'
import { tail } from './logs/tail.ts'

export type OneOff = {
  /** The program and its arguments, in place of what the image would run. */
  command: string[]
  /** Default: the image that the service runs. */
  image?: string
  timeoutSeconds: number
  /** Gets every line that it writes. */
  onLine: (line: string) => void
}

/** `end` is how it ended, in a sentence. */
export type OneOffResult = { task: string; exitCode: number; end: string; seconds: number }

const pollMilliseconds = 1000
/** So long after a task has stopped, CloudWatch may still get lines of it. */
const lateMilliseconds = 3000

/**
 * Runs a command in a task of its own: with the service's task definition, roles, network and capacity.
 * A task cannot be started with another entry point than its definition's, so one is registered for it, in a family of
 * its own (Terraform looks for the newest of the service's), and deregistered at the end.
 * @throws CliError `deploymentFailed` when the container never ran, or took too long and was stopped
 */
export async function runOneOff({ service, outputs }: Deployed, oneOff: OneOff, terminal: Terminal): Promise<OneOffResult> {
  const like = await service.describe()
  const definition = await service.taskDefinition(like.taskDefinition ?? '')
  const name = containerOf(like, outputs.container_name) ?? definition?.containerDefinitions?.[0]?.name
  const app = definition?.containerDefinitions?.find((each) => each.name === name)
  if (!definition || !app) throw new CliError('unavailable', `The task definition ${like.taskDefinition ?? ''} has no container ${name ?? ''}.`)
  const registered = await service.register(copyFor(oneOff, definition, app))
  try {
    return await runTask(registered, like, app, { service, outputs }, oneOff, terminal)
  } finally {
    await service.deregister(registered).catch((error: CliError) => terminal.warn(`${error.message} It does no harm there.`))
  }
}

/** Without health check and ports: nobody asks it anything. */
function copyFor({ command, image }: OneOff, definition: TaskDefinition, app: ContainerDefinition) {
  const { healthCheck: _check, portMappings: _ports, ...rest } = app
  const changed = { ...rest, ...(image ? { image } : {}), entryPoint: command, command: [], essential: true }
  const { cpu, memory, networkMode, taskRoleArn, executionRoleArn, volumes, runtimePlatform, ephemeralStorage, requiresCompatibilities, proxyConfiguration } = definition
  return {
    family: `${definition.family}-run`,
    containerDefinitions: (definition.containerDefinitions ?? []).map((each) => (each === app ? changed : each)),
    ...{ cpu, memory, networkMode, taskRoleArn, executionRoleArn, volumes, runtimePlatform, ephemeralStorage, requiresCompatibilities, proxyConfiguration },
  }
}

async function runTask(registered: string, like: Service, app: ContainerDefinition, deployed: Deployed, oneOff: OneOff, terminal: Terminal): Promise<OneOffResult> {
  const { service } = deployed
  const started = performance.now()
  const { taskArn = '' } = await service.runTask(registered, like, 'fargate-ctl')
  terminal.note(terminal.colors.dim(`  task ${idOf(taskArn).slice(0, 8)}: ${oneOff.command.join(' ')}`))
  let stopped: Task | undefined
  let isDone = false
  const followed = followLog(taskArn, app, deployed, () => isDone, oneOff, terminal)
  try {
    stopped = await waitForEnd(taskArn, service, oneOff.timeoutSeconds)
    await sleep(lateMilliseconds, undefined, { signal: interruption }).catch(() => interruption.throwIfAborted())
  } finally {
    isDone = true
    if (!stopped) await service.stopTask(taskArn, 'fargate-ctl was interrupted, or the time was over').catch(() => terminal.warn(`The task ${taskArn} could not be stopped.`))
    await followed
  }
  const seconds = Math.round((performance.now() - started) / 100) / 10
  const exitCode = stopped.containers?.find(({ name }) => name === app.name)?.exitCode
  const end = describeEnd(stopped, app.name)
  if (exitCode !== undefined) return { task: taskArn, exitCode, end, seconds }
  throw neverRan(stopped, end, app, oneOff.image ?? app.image ?? '', deployed)
}

async function waitForEnd(taskArn: string, service: Deployed['service'], timeoutSeconds: number): Promise<Task> {
  const deadline = performance.now() + timeoutSeconds * 1000
  for (;;) {
    const task = await service.task(taskArn).catch(ignorePassing)
    if (task?.lastStatus === 'STOPPED') return task
    if (performance.now() > deadline) {
      throw new CliError('deploymentFailed', `The command has not ended within ${timeoutSeconds} s; its task is stopped.`, { fix: 'Give it more time with --timeout.' })
    }
    await sleep(pollMilliseconds, undefined, { signal: interruption }).catch(() => interruption.throwIfAborted())
  }
}

/** A look that fails says nothing about the task, unless none will ever be allowed. */
function ignorePassing(error: CliError): undefined {
  interruption.throwIfAborted()
  if (isDenied(error.cause)) throw error
}

/** A log that cannot be read is no reason not to wait for the task. */
async function followLog(taskArn: string, app: ContainerDefinition, { service, outputs }: Deployed, isOver: () => boolean, { onLine }: OneOff, terminal: Terminal): Promise<void> {
  try {
    const source = logSourceOf(app, app.name, outputs.log_group_name, service.region)
    const query = { from: new Date(0), streams: `${source.prefix}${idOf(taskArn)}` }
    for await (const { message } of tail(source, { ...query, isOver, note: (text) => terminal.note(text), pollMilliseconds })) onLine(message)
  } catch (error) {
    if (error !== interruption.reason) terminal.warn(`Its log cannot be shown: ${describeCause(error)}`)
  }
}

function neverRan(task: Task, end: string, { name: container }: ContainerDefinition, image: string, { service, outputs }: Deployed): CliError {
  const nothing = { own: undefined, revision: undefined, revisions: [], targets: undefined, deployments: [], events: [], running: [], stopping: 0, problem: undefined }
  const [, repository = image, tag = image] = /\/([^:@]+)[:@](.+)$/.exec(image) ?? []
  const unasked = { port: undefined, gracePeriod: undefined, healthPath: outputs.health_check_path, places: new Map<string, string>() }
  const { fix } = diagnose({ ...nothing, service: {}, stopped: [{ task, log: [] }] }, { ...unasked, container, repository, tag, region: service.region })
  return new CliError('deploymentFailed', 'The command was never run: its task did not start.', { fix, cause: end })
}

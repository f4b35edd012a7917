import { findDenied } from '../platform/aws/iam.ts'
import type { ContainerDefinition, Task } from '../platform/aws/ecs.ts'
import { CliError, describeCause } from '../platform/errors.ts'
import { interruption } from '../platform/interrupts.ts'
import { settingsFile } from '../platform/project.ts'
import { MissingProgramError, run, runOnTerminal } from '../platform/run.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import type { Deployed } from '../rollout/open.ts'

/** What is missing, and the edit that adds it. */
type Lack = { what: string; fix: string }

type Target = { task: Task; container: string; definition: ContainerDefinition | undefined; taskRoleArn: string | undefined }

const plugin = 'session-manager-plugin'
const installHint = 'Install it: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html'
/** The first that takes the session's token from the environment, where no list of processes shows it. */
const oldestPlugin = [1, 2, 497]

/**
 * Opens a session in a container of a running task, once all that it takes is there.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
 * @param options.task its id, or how it begins; default: the newest
 * @returns the exit code of the session
 * @throws CliError `unavailable`, naming all that is missing at once
 */
export async function exec(deployed: Deployed, options: { task: string; command: string[] }, terminal: Terminal): Promise<number> {
  const target = await findTarget(deployed, options.task)
  const lacks = await terminal.step('Check what a session needs', () => findLacks(deployed, target, terminal))
  if (lacks.length > 0) {
    throw new CliError('unavailable', `No session can be opened: ${lacks.length === 1 ? 'one thing is' : `${lacks.length} things are`} missing.`, {
      cause: lacks.map(({ what }) => what).join('\n'),
      fix: lacks.map(({ fix }) => fix).join('\n'),
    })
  }
  const { service } = deployed
  const { task, container } = target
  const session = await service.execute(task.taskArn ?? '', container, options.command.join(' '))
  const runtimeId = task.containers?.find(({ name }) => name === container)?.runtimeId ?? ''
  const request = { Target: `ecs:${service.cluster.split('/').at(-1)}_${task.taskArn?.split('/').at(-1)}_${runtimeId}` }
  const variable = 'AWS_SSM_START_SESSION_RESPONSE'
  const args = [variable, service.region, 'StartSession', '', JSON.stringify(request), `https://ssm.${service.region}.amazonaws.com`]
  return runOnTerminal(plugin, args, { env: { [variable]: JSON.stringify(session) }, installHint })
}

async function findTarget({ service, outputs }: Deployed, id: string): Promise<Target> {
  const running = (await service.tasks('RUNNING')).filter(({ lastStatus, taskArn = '' }) => lastStatus === 'RUNNING' && taskArn.split('/').at(-1)?.startsWith(id))
  const [task] = running.toSorted((a, b) => Number(b.startedAt) - Number(a.startedAt))
  if (!task) throw new CliError('unavailable', `No task${id ? ` whose id begins with ${id}` : ''} is running.`, { fix: 'Look at `fargate-ctl logs --previous`.' })
  const { containerDefinitions = [], taskRoleArn } = (await service.taskDefinition(task.taskDefinitionArn ?? '')) ?? {}
  const container = outputs.container_name ?? containerDefinitions[0]?.name ?? ''
  return { task, container, definition: containerDefinitions.find(({ name }) => name === container), taskRoleArn }
}

async function findLacks({ service }: Deployed, target: Target, terminal: Terminal): Promise<Lack[]> {
  const [program, shown, role] = await Promise.all([findPluginLack(), service.describe(), findRoleLack(target, service.region, terminal)])
  const isOn = shown.enableExecuteCommand === true
  const off: Lack = { what: 'The service does not allow it: enable_execute_command is false.', fix: `Set enable_execute_command = true in ${settingsFile('inputs')}, and deploy.` }
  return [program, isOn ? findTaskLack(target) : off, findMountLack(target), role].filter((lack) => lack !== undefined)
}

async function findPluginLack(): Promise<Lack | undefined> {
  try {
    const { stdout } = await run(plugin, ['--version'], { accept: 'any', timeoutSeconds: 20 })
    const version = stdout.trim().split('.').map(Number)
    const newer = oldestPlugin.findIndex((part, index) => (version[index] ?? 0) !== part)
    if (newer === -1 || (version[newer] ?? 0) > (oldestPlugin[newer] ?? 0)) return undefined
    return { what: `${plugin} ${stdout.trim()} is older than ${oldestPlugin.join('.')}.`, fix: installHint }
  } catch (error) {
    if (error instanceof MissingProgramError) return { what: error.message, fix: installHint }
    throw error
  }
}

/** What the service allows holds for tasks that start from then on. */
function findTaskLack({ task, container }: Target): Lack | undefined {
  const who = `task ${task.taskArn?.split('/').at(-1)?.slice(0, 8)}`
  if (!task.enableExecuteCommand) return { what: `${who} was started before the service allowed it.`, fix: 'Deploy again, or name a newer task with --task.' }
  const agent = task.containers?.find(({ name }) => name === container)?.managedAgents?.find(({ name }) => name === 'ExecuteCommandAgent')
  if (!agent || agent.lastStatus === 'RUNNING') return undefined
  return { what: `The agent in ${who} is ${agent.lastStatus}${agent.reason ? `: ${agent.reason}` : ''}.`, fix: 'Wait a little; if it stays so, the task has no way to the ssmmessages endpoints.' }
}

/** Where the agent writes, of which AWS's documents say no more than that the root must be writable. */
const agentFolders = ['/managed-agents', '/var/lib/amazon/ssm', '/var/log/amazon/ssm']

function findMountLack({ definition, container }: Target): Lack | undefined {
  if (!definition?.readonlyRootFilesystem) return undefined
  const mounted = new Set((definition.mountPoints ?? []).flatMap(({ containerPath, readOnly }) => (readOnly ? [] : containerPath)))
  const missing = agentFolders.filter((folder) => !mounted.has(folder))
  if (missing.length === 0) return undefined
  return {
    what: `The container ${container} has a read-only root file system, and its agent writes to ${missing.join(', ')}.`,
    fix: `Set readonly_root_filesystem = false in ${settingsFile('inputs')} (enable_execute_command does that, too), or mount volumes there, and deploy.`,
  }
}

const actions = ['CreateControlChannel', 'CreateDataChannel', 'OpenControlChannel', 'OpenDataChannel'].map((name) => `ssmmessages:${name}`)

async function findRoleLack({ taskRoleArn }: Target, region: string, terminal: Terminal): Promise<Lack | undefined> {
  const fix = `Allow it ${actions.join(', ')} on * (enable_execute_command lets the ecs module do that), and deploy.`
  if (!taskRoleArn) return { what: 'The task has no task role.', fix }
  try {
    const lacking = await findDenied(taskRoleArn, actions, region)
    return lacking.length === 0 ? undefined : { what: `The task role ${taskRoleArn} lacks ${lacking.join(', ')}.`, fix }
  } catch (error) {
    interruption.throwIfAborted()
    terminal.note(`  Whether the task role allows it is unknown: ${describeCause(error)}`)
    return undefined
  }
}

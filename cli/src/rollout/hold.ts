import { setTimeout as sleep } from 'node:timers/promises'
import type { DeploymentConfiguration, DeploymentLifecycleHook, ServiceDeployment } from '../platform/aws/ecs.ts'
import { CliError, describeCause } from '../platform/errors.ts'
import { interruption, throwIfInterrupted } from '../platform/interrupts.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { findDeployedService, readServiceOutputs, type DeployedService } from './service.ts'

/** A deployment that waits for somebody's decision. */
export type Hold = {
  /** The deployment's ARN. */
  deployment: string
  hookId: string
  /** When ECS decides itself, and what. */
  expiresAt: Date | null
  timeoutAction: string
}

/** Once all new tasks are healthy: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html */
const hook: DeploymentLifecycleHook = { targetType: 'PAUSE', lifecycleStages: ['POST_SCALE_UP'], timeoutConfiguration: { timeoutInMinutes: 1440, action: 'ROLLBACK' } }

const isOwn = ({ targetType, lifecycleStages = [], timeoutConfiguration }: DeploymentLifecycleHook) =>
  targetType === 'PAUSE' && lifecycleStages.join() === 'POST_SCALE_UP' && timeoutConfiguration?.timeoutInMinutes === 1440

/** The hold that the newest of some deployments is in; one whose hook was decided already is none. */
export function findHold(deployments: ServiceDeployment[], decided?: string): Hold | undefined {
  const { status, serviceDeploymentArn = '', lifecycleHookDetails = [] } = deployments.at(-1) ?? {}
  const waiting = lifecycleHookDetails.find((each) => each.targetType === 'PAUSE' && each.status === 'AWAITING_ACTION' && each.hookId !== decided)
  if (status !== 'IN_PROGRESS' || !waiting?.hookId) return undefined
  return { deployment: serviceDeploymentArn, hookId: waiting.hookId, expiresAt: waiting.expiresAt ?? null, timeoutAction: waiting.timeoutAction ?? 'ROLLBACK' }
}

const pollMilliseconds = 1000
const wentBack = ['ROLLBACK_SUCCESSFUL', 'STOPPED']

/**
 * Ends a held deployment, and waits until ECS has gone back to what served before.
 * @throws CliError `deploymentFailed` where it does not
 */
export async function stopHeld(service: DeployedService, { deployment }: Hold, timeoutSeconds: number, terminal: Terminal): Promise<void> {
  await terminal.step('Stop what is held', async (say) => {
    await service.rollBack(deployment)
    const deadline = performance.now() + timeoutSeconds * 1000
    for (;;) {
      const { status = 'unknown', statusReason } = (await service.deployments()).find((each) => each.serviceDeploymentArn === deployment) ?? {}
      if (wentBack.includes(status)) return
      if (status === 'ROLLBACK_FAILED' || performance.now() > deadline) {
        throw new CliError('deploymentFailed', `ECS has not gone back: the held deployment is ${status}.`, { cause: statusReason, fix: '`fargate-ctl status` shows what serves.' })
      }
      say(status)
      await sleep(pollMilliseconds, undefined, { signal: interruption }).catch(throwIfInterrupted)
    }
  })
  await removeHook(service, terminal)
}

/**
 * The service whose next deployment is to be held.
 * @param outputs Terraform's
 * @throws CliError `usage` where nothing can be held
 */
export function requireHoldable({ inputs, variables }: Settings, outputs: Record<string, unknown>): DeployedService {
  if (variables.values.wait_for_steady_state === true) {
    throw new CliError('usage', 'wait_for_steady_state = true: terraform itself would wait for what --hold holds. Nothing was changed.', { fix: 'Set it to false, or leave out --hold.' })
  }
  const service = findDeployedService(inputs.region, readServiceOutputs(outputs))
  if (service) return service
  throw new CliError('usage', '--hold: there is no service yet whose deployment could be held; nothing was changed.', { fix: 'Make the first deployment without --hold.' })
}

/**
 * Does what deploys while the service holds its deployments, and leaves the service as it was: a deployment that has begun
 * keeps its own hook. Terraform's provider knows none.
 * @throws CliError `usage` where ECS takes no such hook; nothing was changed then
 */
export async function withHook<Result>(service: DeployedService, terminal: Terminal, work: () => Promise<Result>): Promise<Result> {
  const before = await terminal.step('Let ECS hold the deployment', () => addHook(service))
  try {
    return await work()
  } finally {
    await service.configure(before).catch((error: unknown) => warnOfHook(service, error, terminal))
  }
}

/** @returns the configuration to go back to */
async function addHook(service: DeployedService): Promise<DeploymentConfiguration> {
  const { deploymentConfiguration = {} } = await service.describe()
  const before = withoutHook(deploymentConfiguration)
  await service.configure({ ...before, lifecycleHooks: [...(before.lifecycleHooks ?? []), hook] }).catch((error: unknown) => {
    if (!(error instanceof CliError) || !isRefusal(error.cause)) throw error
    throw new CliError('usage', 'This ECS does not hold deployments: it refused the lifecycle hook. Nothing was changed.', { fix: 'Deploy without --hold.', cause: error.cause })
  })
  return before
}

const isRefusal = (cause: unknown) => /^(?:InvalidParameter|Unsupported|Validation|Serialization|Client)\w*Exception/.test(describeCause(cause) ?? '')

/** Takes away a hook that a --hold has left behind because it was killed; where that fails it warns. */
export async function removeHook(service: DeployedService, terminal: Terminal): Promise<void> {
  try {
    const { deploymentConfiguration = {} } = await service.describe()
    if (deploymentConfiguration.lifecycleHooks?.some(isOwn)) await service.configure(withoutHook(deploymentConfiguration))
  } catch (error) {
    warnOfHook(service, error, terminal)
  }
}

function warnOfHook({ service }: DeployedService, error: unknown, terminal: Terminal): void {
  terminal.warn(`The hook of --hold could not be taken away, so ${service}'s next deployment is held, too; \`fargate-ctl continue\` takes it away then. ${describeCause(error)}`)
}

/** An empty list is said, because what is left out stays as it is. */
const withoutHook = (configuration: DeploymentConfiguration): DeploymentConfiguration => ({
  ...configuration,
  lifecycleHooks: (configuration.lifecycleHooks ?? []).filter((each) => !isOwn(each)),
})

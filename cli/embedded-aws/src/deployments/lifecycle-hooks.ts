import { randomBytes } from 'node:crypto'
import { AwsError } from '../aws-error.ts'
import { now, type Clock } from '../clock.ts'
import type { HookDetail, ServiceDeployment } from '../records.ts'

/** Stages of a rolling update at which a deployment can pause; the others belong to traffic shifts, which it has none of. */
export type PauseStage = 'RECONCILE_SERVICE' | 'PRE_SCALE_UP' | 'POST_SCALE_UP'

/** 24 hours: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html */
const defaultTimeoutMinutes = 1440

/** The stage that follows when all hooks of one are continued. */
const following = { RECONCILE_SERVICE: 'PRE_SCALE_UP', PRE_SCALE_UP: 'SCALE_UP', POST_SCALE_UP: 'CLEAN_UP' } as const

const isWaiting = ({ status }: HookDetail) => status === 'AWAITING_ACTION'

/**
 * Whether a deployment is paused at a stage. The first time it comes there, the stage's pause hooks begin to wait.
 * All hooks of one stage have to be continued.
 */
export function isPausedAt(record: ServiceDeployment, stage: PauseStage, clock: Clock): boolean {
  const hooks = (record.deploymentConfiguration.lifecycleHooks ?? []).filter(
    ({ targetType, lifecycleStages }) => targetType === 'PAUSE' && lifecycleStages.includes(stage),
  )
  if (hooks.length === 0) return false
  const stages = (record.own.stages ??= [])
  if (!stages.includes(stage)) {
    stages.push(stage)
    record.lifecycleStage = stage
    record.lifecycleHookDetails = hooks.map(({ timeoutConfiguration }) => ({
      hookId: `ecs-pause-${randomBytes(32).toString('base64url')}`,
      targetType: 'PAUSE',
      status: 'AWAITING_ACTION',
      expiresAt: now() + clock.ms((timeoutConfiguration?.timeoutInMinutes ?? defaultTimeoutMinutes) * 60) / 1000,
      timeoutAction: timeoutConfiguration?.action ?? 'ROLLBACK',
    }))
  }
  if (record.lifecycleStage !== stage) return false
  if (record.lifecycleHookDetails?.some(isWaiting)) return true
  record.lifecycleStage = following[stage]
  return false
}

/**
 * Ends the waiting of hooks whose time is over.
 * @returns whether one of them rolls the deployment back
 */
export function expireHooks(record: ServiceDeployment): boolean {
  const expired = (record.lifecycleHookDetails ?? []).filter((hook) => isWaiting(hook) && hook.expiresAt <= now())
  for (const hook of expired) hook.status = 'TIMED_OUT'
  return expired.some(({ timeoutAction }) => timeoutAction === 'ROLLBACK')
}

/**
 * What somebody decided about a hook that waits.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContinueServiceDeployment.html
 * @throws AwsError `InvalidParameterException` where the hook does not wait
 */
export function decideHook(record: ServiceDeployment, hookId: string, action: 'CONTINUE' | 'ROLLBACK'): void {
  const hook = record.lifecycleHookDetails?.find((each) => each.hookId === hookId)
  if (!hook) throw new AwsError('InvalidParameterException', `The lifecycle hook ${hookId} does not exist in the service deployment.`)
  if (record.status !== 'IN_PROGRESS' || !isWaiting(hook)) {
    throw new AwsError('InvalidParameterException', `The lifecycle hook ${hookId} is in the status ${hook.status} and does not await an action.`)
  }
  hook.status = action === 'CONTINUE' ? 'SUCCEEDED' : 'FAILED'
}

import { interruption } from '../interrupts.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { diagnose } from './diagnose.ts'
import { hasEnded, newestOf, observe, type Observed } from './observe.ts'
import { findDeployedService } from './service.ts'
import { formatMoment, timelineOf } from './timeline.ts'

export type Rollout = {
  /** Aborted when the new tasks will not serve; its reason is a Diagnosis. */
  failed: AbortSignal
  /** Fulfilled then, or when they have replaced the old ones, or when ECS cannot be asked. */
  over: Promise<void>
  end: () => void
}

export type WatchOptions = {
  /** When the apply began: what became of the service before is not looked at. */
  since: Date
  /** How many of AWS's seconds pass in one. */
  speed: number
  /** Real seconds, for which it looks. */
  limitSeconds: number
}

const pollMilliseconds = 1000

/**
 * Follows the deployment that an apply has begun, and tells what ECS does as it does it.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
 * @param outputs Terraform's
 * @returns undefined where they do not name a service
 */
export function watchRollout(region: string, outputs: unknown, options: WatchOptions, terminal: Terminal): Rollout | undefined {
  const service = findDeployedService(region, outputs)
  if (!service) return undefined
  const { since, speed, limitSeconds } = options
  const failed = new AbortController()
  const end = new AbortController()
  const told = new Set<string>()

  const tell = (seen: Observed) => {
    const lines = timelineOf(seen, { from: since, speed }).map(formatMoment).filter((line) => !told.has(line))
    for (const line of lines) terminal.note(terminal.colors.dim(line))
    for (const line of lines) told.add(line)
  }
  const isOver = (seen: Observed) => {
    tell(seen)
    return hasFailed(seen) || hasTakenOver(seen, since)
  }
  const follow = async () => {
    const seen = await observe(service, { since, pollMilliseconds, end: end.signal }).until(isOver, limitSeconds)
    if (end.signal.aborted || hasTakenOver(seen, since)) return
    failed.abort(diagnose(seen))
  }
  const over = follow().catch((error: Error) => {
    if (!interruption.aborted) terminal.warn(`Only the app's own answers tell how the deployment goes: ${error.message}`)
  })
  return { failed: failed.signal, over, end: () => end.abort() }
}

const hasFailed = (seen: Observed) => hasEnded(seen) && newestOf(seen)?.status !== 'SUCCESSFUL'

/** Old tasks are asked to stop only when new ones are healthy in their place; that they still drain need not be waited for. */
function hasTakenOver(seen: Observed, since: Date): boolean {
  const { desiredCount, deployments: [primary, ...others] = [] } = seen.service
  const newest = newestOf(seen)
  // Not every change of the infrastructure is one of the service; and one that is may not be listed at once.
  if (!newest) return !primary?.createdAt || primary.createdAt < since
  const replaced = others.length > 0 && others.every(({ runningCount }) => runningCount === 0)
  return newest.status === 'SUCCESSFUL' || (newest.status === 'IN_PROGRESS' && replaced && primary?.runningCount === desiredCount)
}

import type { Settings } from '../config/settings.ts'
import type { Rollout } from '../deploy/deploy.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { hasEnded, newestOf, observe, type Observed } from './scenarios/observed.ts'
import { findService, type EcsService } from './scenarios/service.ts'
import { formatMoment, timelineOf } from './scenarios/timeline.ts'

const hasFailed = (seen: Observed) => hasEnded(seen) && newestOf(seen)?.status !== 'SUCCESSFUL'

/** Old tasks are asked to stop only when new ones are healthy in their place; that they still drain need not be waited for. */
function hasTakenOver(seen: Observed): boolean {
  const { status } = newestOf(seen) ?? { status: 'SUCCESSFUL' }
  const { desiredCount, deployments: [primary, ...others] = [] } = seen.service
  const replaced = others.length > 0 && others.every(({ runningCount }) => runningCount === 0)
  return status === 'SUCCESSFUL' || (status === 'IN_PROGRESS' && replaced && primary?.runningCount === desiredCount)
}

/**
 * Follows what becomes of the deployment that a rehearsal makes from now on.
 * @param limitSeconds real ones, for which it looks
 */
export function watchRollout(settings: Settings, { speed, limitSeconds }: { speed: number; limitSeconds: number }) {
  const since = new Date()
  const failed = new AbortController()
  let service: EcsService | undefined
  let ended = false

  const follow = async (of: EcsService) => {
    const seen = await observe(of, since).until((each) => ended || hasFailed(each) || hasTakenOver(each), limitSeconds)
    const { status, statusReason = `after ${limitSeconds} s` } = newestOf(seen) ?? {}
    if (!ended && !hasTakenOver(seen)) failed.abort(`${status}: ${statusReason}`)
  }

  return {
    /** @param outputs Terraform's */
    begin: (outputs: unknown): Rollout => {
      service = findService(settings, outputs)
      return { failed: failed.signal, over: follow(service).catch((error: unknown) => failed.abort((error as Error).message)) }
    },
    end: () => void (ended = true),
    /** Tells what ECS did, line by line. */
    explain: async (terminal: Terminal): Promise<void> => {
      if (!service) return
      const seen = await observe(service, since).until(() => true, 0)
      for (const moment of timelineOf(seen, { from: since, speed })) terminal.note(terminal.colors.dim(formatMoment(moment)))
    },
  }
}

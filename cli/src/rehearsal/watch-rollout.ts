import type { Settings } from '../config/settings.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { observe, type Observed } from './scenarios/observed.ts'
import { findService } from './scenarios/run-scenario.ts'
import type { EcsService } from './scenarios/service.ts'
import { formatMoment, timelineOf } from './scenarios/timeline.ts'

const failed = ['ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED', 'STOPPED']

/**
 * Follows what becomes of the deployment that a rehearsal makes from now on.
 * @param limitSeconds real ones, for which it looks
 */
export function watchRollout(settings: Settings, { speed, limitSeconds }: { speed: number; limitSeconds: number }) {
  const since = new Date()
  const over = new AbortController()
  let service: EcsService | undefined
  let ended = false

  const follow = async (of: EcsService) => {
    const hasFailed = (seen: Observed) => failed.includes(newest(seen)?.status ?? '')
    const seen = await observe(of, since).until((each) => ended || hasFailed(each), limitSeconds)
    if (hasFailed(seen)) over.abort(`${newest(seen)?.status}: ${newest(seen)?.statusReason}`)
  }

  return {
    /** @param outputs Terraform's. @returns aborted when the deployment has failed, with why */
    begin: (outputs: unknown): AbortSignal => {
      service = findService(settings, outputs)
      // What cannot be seen is waited for as long as the app.
      follow(service).catch(() => undefined)
      return over.signal
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

const newest = ({ deployments }: Observed) => deployments.at(-1)

import type { LoadReport } from './client-load.ts'
import type { Observed, StoppedTask } from '../rollout/observe.ts'
import { describeStop, failedContainer } from '../rollout/timeline.ts'

/** What should happen; only what is given is checked. Texts are AWS's own. */
export type Expected = {
  /** Status that the newest deployment ends with. */
  deployment?: 'SUCCESSFUL' | 'ROLLBACK_SUCCESSFUL'
  /** One of the service's events. */
  event?: RegExp
  /** A task that stops, with all of this. */
  stopped?: { code?: string; reason?: RegExp; exitCode?: number; container?: RegExp; log?: RegExp; afterSeconds?: number }
  requests: 'none fail' | 'some may fail' | 'many fail'
}

export type Check = { what: string; ok: boolean; seen: string }

/** Compares what was seen with what should have happened. @param speed how many of AWS's seconds pass in one */
export function check(expected: Expected, seen: Observed, requests: LoadReport, speed: number): Check[] {
  const { deployment, event, stopped } = expected
  const checks: Check[] = []
  if (deployment) {
    const status = seen.own?.status ?? 'no deployment'
    checks.push({ what: `the deployment ends ${deployment}`, ok: status === deployment, seen: status })
  }
  if (event) {
    const found = seen.events.find(({ message }) => event.test(message))
    checks.push({ what: `an event says ${plain(event)}`, ok: found !== undefined, seen: found?.message ?? 'no such event' })
  }
  if (stopped) {
    const found = seen.stopped.find((each) => fits(each, stopped, speed))
    const last = seen.stopped.at(-1)
    const ended = found ?? last
    const shown = ended ? describeStop(ended) : 'no task stopped'
    checks.push({ what: `a task stops: ${describe(stopped)}`, ok: found !== undefined, seen: shown })
  }
  checks.push(checkRequests(expected.requests, requests))
  return checks
}

/** Share of failed requests that parts few from many. */
const few = 0.05
const requestChecks: Record<Expected['requests'], { what: string; holds: (share: number) => boolean }> = {
  'none fail': { what: 'no request fails', holds: (share) => share === 0 },
  'some may fail': { what: 'fewer than 5 % of the requests fail', holds: (share) => share < few },
  'many fail': { what: 'more than 5 % of the requests fail', holds: (share) => share > few },
}

function checkRequests(wanted: Expected['requests'], { sent, failed, failures }: LoadReport): Check {
  const { what, holds } = requestChecks[wanted]
  const reasons = Object.entries(failures).map(([reason, count]) => `${count} ${reason}`)
  const seen = `${failed} of ${sent} failed${reasons.length > 0 ? ` (${reasons.join(', ')})` : ''}`
  return { what, ok: sent > 0 && holds(failed / sent), seen }
}

function fits({ task, log }: StoppedTask, wanted: NonNullable<Expected['stopped']>, speed: number): boolean {
  const { code, reason, exitCode, container, log: line, afterSeconds } = wanted
  const ended = failedContainer(task)
  const seconds = ((Number(task.stoppedAt) - Number(task.stoppingAt)) / 1000) * speed
  return (
    (!code || task.stopCode === code) &&
    (!reason || reason.test(task.stoppedReason ?? '')) &&
    (exitCode === undefined || ended?.exitCode === exitCode) &&
    (!container || container.test(ended?.reason ?? '')) &&
    (!line || log.some((each) => line.test(each))) &&
    (!afterSeconds || seconds >= afterSeconds)
  )
}

function describe({ code, reason, exitCode, container, log, afterSeconds }: NonNullable<Expected['stopped']>): string {
  const parts = [
    code,
    reason && plain(reason),
    container && plain(container),
    exitCode !== undefined && `exit code ${exitCode}`,
    log && `log line ${plain(log)}`,
    afterSeconds && `${afterSeconds} s after it was asked to`,
  ]
  return parts.filter(Boolean).join(', ')
}

const plain = ({ source }: RegExp) => `“${source.replaceAll(/\\(.)/g, '$1')}”`

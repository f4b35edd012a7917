import type { LoadReport } from './client-load.ts'
import { describeStop } from './expectations.ts'
import type { Observed } from './observed.ts'

/** One line of a timeline; `seconds` are AWS's, counted from the fault or the deployment. */
export type Moment = { seconds: number; kind: 'fault' | 'event' | 'deployment' | 'task' | 'requests'; text: string }

type Options = { from: Date; speed: number; fault?: string; requests?: LoadReport }

/** Orders all that was seen since `from` by time; what happened at once keeps AWS's order. */
export function timelineOf({ events, deployments, stopped }: Observed, { from, speed, fault, requests }: Options): Moment[] {
  const secondsAt = (at: Date | number | undefined) => Math.round(((Number(at) - Number(from)) / 100) * speed) / 10
  const moments: Moment[] = fault ? [{ seconds: 0, kind: 'fault', text: fault }] : []
  const add = (at: Date | number | undefined, kind: Moment['kind'], text: string) => {
    if (at !== undefined) moments.push({ seconds: secondsAt(at), kind, text })
  }
  for (const { at, message } of events) add(at, 'event', message)
  for (const { status, statusReason, finishedAt } of deployments) {
    add(finishedAt, 'deployment', `${status}${statusReason ? `: ${statusReason}` : ''}`)
  }
  for (const each of stopped) add(each.task.stoppedAt, 'task', `${shortId(each.task.taskArn)} stopped: ${describeStop(each)}`)
  if (requests?.firstFailure !== undefined) {
    add(requests.firstFailure, 'requests', 'the first request fails')
    add(requests.lastFailure, 'requests', `the last of ${requests.failed} failed requests`)
  }
  return moments.sort((a, b) => a.seconds - b.seconds)
}

/** A moment as one line, its time to the left; the name of the service, which every event begins with, is left out. */
export function formatMoment({ seconds, kind, text }: Moment): string {
  return `${`+${seconds.toFixed(1)} s`.padStart(9)}  ${kind.padEnd(10)}  ${shorten(text)}`
}

/** ARNs and ids as far as a person reads them. */
function shorten(text: string): string {
  return text
    .replace(/^\(service [^)]+\) /, '')
    .replaceAll(/arn:aws:elasticloadbalancing:[^)\s]*:targetgroup\/([^/)\s]+)\/\w+/g, '$1')
    .replaceAll(/\b([0-9a-f]{8})[0-9a-f]{24}\b/g, '$1')
}

const shortId = (arn = '') => `task ${arn.split('/').at(-1)?.slice(0, 8)}`

import type { Observed, StoppedTask } from './observe.ts'

/** One line of a timeline; `seconds` are AWS's, counted from its beginning. */
export type Moment = { seconds: number; kind: string; text: string }
/** What happened, and when; as epoch milliseconds or as a date. */
export type Happening = { at: Date | number | undefined; kind: string; text: string }

type Options = {
  from: Date
  /** How many of AWS's seconds pass in one. */
  speed: number
  /** What else happened meanwhile. */
  also?: Happening[]
}

/** Orders all that was seen since `from` by time; what happened at once keeps AWS's order. */
export function timelineOf({ events, deployments, stopped }: Observed, { from, speed, also = [] }: Options): Moment[] {
  const happenings: Happening[] = [
    ...also,
    ...events.map(({ at, message }) => ({ at, kind: 'event', text: message })),
    ...deployments.map(({ status, statusReason, finishedAt }) => ({
      at: finishedAt,
      kind: 'deployment',
      text: `${status}${statusReason ? `: ${statusReason}` : ''}`,
    })),
    ...stopped.map((each) => ({
      at: each.task.stoppedAt,
      kind: 'task',
      text: `${shortId(each.task.taskArn)} stopped: ${describeStop(each)}`,
    })),
  ]
  return happenings
    .filter(({ at }) => at !== undefined)
    .map(({ at, kind, text }) => ({ seconds: Math.round(((Number(at) - Number(from)) / 100) * speed) / 10, kind, text }))
    .sort((a, b) => a.seconds - b.seconds)
}

/** A moment as one line, its time to the left; the name of the service, which every event begins with, is left out. */
export function formatMoment({ seconds, kind, text }: Moment): string {
  return `${`+${seconds.toFixed(1)} s`.padStart(9)}  ${kind.padEnd(10)}  ${shorten(text)}`
}

/** How a task ended, as DescribeTasks says it, with the error in its log, or its last plain line. */
export function describeStop({ task, log }: StoppedTask): string {
  const [first] = task.containers ?? []
  const details = [
    task.stopCode,
    first?.exitCode === undefined ? '' : `exit code ${first.exitCode}`,
    first?.reason && first.reason !== task.stoppedReason ? first.reason : '',
  ]
  const plainLines = log.filter((line) => !line.startsWith('{'))
  const said = plainLines.find((line) => /^\w*Error\b/.test(line)) ?? plainLines.at(-1)
  return `${task.stoppedReason} (${details.filter(Boolean).join(', ')})${said ? `; log: ${said}` : ''}`
}

/** ARNs and ids as far as a person reads them. */
function shorten(text: string): string {
  return text
    .replace(/^\(service [^)]+\) /, '')
    .replaceAll(/arn:aws:elasticloadbalancing:[^)\s]*:targetgroup\/([^/)\s]+)\/\w+/g, '$1')
    .replaceAll(/\b([0-9a-f]{8})[0-9a-f]{24}\b/g, '$1')
}

const shortId = (arn = '') => `task ${arn.split('/').at(-1)?.slice(0, 8)}`

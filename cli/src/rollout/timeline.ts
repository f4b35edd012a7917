import type { Container, Task } from '../platform/aws/ecs.ts'
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
  /** Name of the app's container, where it is known. */
  app?: string | undefined
}

/** Orders all that was seen since `from` by time; what happened at once keeps AWS's order. */
export function timelineOf(seen: Observed, { from, speed, also = [], app }: Options): Moment[] {
  return [...also, ...happeningsOf(seen, app)]
    .filter(({ at }) => at !== undefined)
    .map(({ at, kind, text }) => ({ seconds: Math.round(((Number(at) - Number(from)) / 100) * speed) / 10, kind, text }))
    .sort((a, b) => a.seconds - b.seconds)
}

/** All that was seen to happen. @param app name of its container, where it is known */
export function happeningsOf({ events, deployments, stopped }: Observed, app?: string): Happening[] {
  return [
    ...events.map(({ at, message }) => ({ at, kind: 'event', text: message })),
    ...deployments.map(({ status, statusReason, finishedAt }) => ({
      at: finishedAt,
      kind: 'deployment',
      text: `${status}${statusReason ? `: ${statusReason}` : ''}`,
    })),
    ...stopped.map((each) => ({
      at: each.task.stoppedAt,
      kind: 'task',
      text: `${shortId(each.task.taskArn)} stopped: ${describeStop(each, app)}`,
    })),
  ]
}

/** A moment as one line, its time to the left; the name of the service, which every event begins with, is left out. */
export function formatMoment({ seconds, kind, text }: Moment): string {
  return `${`+${seconds.toFixed(1)} s`.padStart(9)}  ${kind.padEnd(10)}  ${shorten(text)}`
}

/**
 * The container that a task ended for. ECS says which one only of checks and memory; of the others, those that were
 * killed when the task ended are not the reason for it.
 * @param app the app's container, which is meant where several may be
 */
export function failedContainer({ containers = [] }: Task, app?: string): Container | undefined {
  const likely = (container: Container) => {
    const { reason, exitCode, healthStatus } = container
    if (reason || healthStatus === 'UNHEALTHY') return 3
    if (exitCode === undefined || killed.has(exitCode)) return 0
    return exitCode === 0 ? 1 : 2
  }
  const appFirst = containers.toSorted((a, b) => Number(b.name === app) - Number(a.name === app))
  return appFirst.toSorted((a, b) => likely(b) - likely(a))[0]
}

/** Exit codes after SIGKILL and SIGTERM. */
const killed = new Set([137, 143])

/** How a task ended, as DescribeTasks says it, with the error in its log, or its last plain line. */
export function describeStop({ task, log }: StoppedTask, app?: string): string {
  const { name, exitCode, reason } = failedContainer(task, app) ?? {}
  const several = (task.containers ?? []).length > 1
  // A task that the scheduler stops for its health ends well; that it did says nothing.
  const tellsNothing = exitCode === undefined || (exitCode === 0 && task.stopCode === 'ServiceSchedulerInitiated')
  const details = [
    task.stopCode,
    tellsNothing ? '' : `exit code ${exitCode}`,
    several && name ? `container ${name}` : '',
    reason && reason !== task.stoppedReason ? reason : '',
  ]
  const plainLines = log.filter((line) => !line.startsWith('{'))
  const said = plainLines.find((line) => /^\w*Error\b/.test(line)) ?? plainLines.at(-1)
  return `${shorten(task.stoppedReason ?? 'It stopped')} (${details.filter(Boolean).join(', ')})${said ? `; log: ${said}` : ''}`
}

/** ARNs and ids as far as a person reads them. */
export function shorten(text: string): string {
  return text
    .replace(/^\(service [^)]+\) /, '')
    .replaceAll(/arn:[^:]+:elasticloadbalancing:[^)\s]*:targetgroup\/([^/)\s]+)\/\w+/g, '$1')
    .replaceAll(/\b([0-9a-f]{8})[0-9a-f]{24}\b/g, '$1')
}

/** A task's id, of its ARN or of its log stream's name. */
export const idOf = (arn = ''): string => arn.split('/').at(-1) ?? ''

const shortId = (arn = '') => `task ${idOf(arn).slice(0, 8)}`

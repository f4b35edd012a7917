import type { Service, Task } from '../platform/aws/ecs.ts'
import { causeOf, exitMeaning, type Cause, type End, type Setup } from './causes.ts'
import type { Observed, StoppedTask } from './observe.ts'
import { failedContainer, shorten } from './timeline.ts'

export type { Setup } from './causes.ts'

/** Why new tasks do not serve, and what to do. */
export type Diagnosis = {
  /** A sentence. */
  cause: string
  /** One command, or an edit with its place. */
  fix: string
  /** False where nothing that AWS says was understood: the evidence then is all there is. */
  known: boolean
  /** `file:line` to change, where the fix is an edit of an input. */
  place: string | null
  evidence: Evidence
}

/** What a diagnosis rests on, which AWS forgets. Null where AWS has not said it. */
export type Evidence = {
  /** ARN. */
  deployment: string | null
  status: string | null
  statusReason: string | null
  stopCode: string | null
  stoppedReason: string | null
  exitCode: number | null
  exitMeaning: string | null
  container: string | null
  containerReason: string | null
  /** ARNs of the tasks that ended for this cause. */
  tasks: string[]
  /** The reason code of the target: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html */
  target: string | null
  /** The last lines of the container, oldest first. */
  log: string[]
  /** Why there are none. */
  noLog: string | null
  /** The service's events since the deployment began, oldest first. */
  events: string[]
  /** Where AWS's console shows it. */
  console: string
}

const logLines = 20
const unknownFix = 'Read the evidence below, correct what it shows, and deploy again.'

/** Tasks that made way for others say nothing about why. */
const madeWay = /^Scaling activity initiated by/

/** Reads from what was seen of a deployment why it does not get on. */
export function diagnose(seen: Observed, setup: Setup): Diagnosis {
  const ends = endsOf(seen, setup)
  const [group] = ends.length > 0 ? byCount(ends) : []
  const last = group?.at(-1)
  const cause = last?.cause ?? causeOf(describeEnd(undefined, seen, setup), setup)
  const evidence = collect(seen, setup, (group ?? ends).map(({ stop }) => stop))
  if (cause) return { cause: cause.cause, fix: cause.fix, known: true, place: cause.place ?? null, evidence }
  return { cause: `The cause is unknown${firstHint(evidence)}`, fix: unknownFix, known: false, place: null, evidence }
}

/** A cause that has ended two tasks, and will end every other. */
export function repeatedCause(seen: Observed, setup: Setup): Cause | undefined {
  return byCount(endsOf(seen, setup)).find((group) => group.length > 1 && group[0]?.cause?.isFatal)?.[0]?.cause
}

/** A task that ended by its own fault, and not because ECS or somebody wanted fewer or others. */
export const hasFailed = ({ stopCode, stoppedReason = '' }: Task): boolean =>
  stopCode === 'EssentialContainerExited' || stopCode === 'TaskFailedToStart' || /failed (?:ELB|container) health checks/i.test(stoppedReason)

type Ended = { stop: StoppedTask; cause: Cause | undefined; sameAs: string }

function endsOf(seen: Observed, setup: Setup): Ended[] {
  const own = seen.stopped.filter((each) => isOwn(each, seen) && !madeWay.test(each.task.stoppedReason ?? ''))
  return own.map((stop) => {
    const end = describeEnd(stop, seen, setup)
    const cause = causeOf(end, setup)
    return { stop, cause, sameAs: [cause?.id ?? end.stoppedReason, end.container, end.exitCode].join() }
  })
}

/** Ends of one cause together: what is known before what is not, then what happened most, then what happened last. */
function byCount(ends: Ended[]): Ended[][] {
  const groups = Object.values(Object.groupBy(ends, ({ sameAs }) => sameAs)).filter((group) => group !== undefined)
  const rank = (group: Ended[]) => (group[0]?.cause ? 1e6 : 0) + group.length * 1000 + ends.indexOf(group.at(-1) as Ended)
  return groups.toSorted((a, b) => rank(b) - rank(a))
}

const isOwn = ({ task }: StoppedTask, { revision }: Observed) =>
  !task.taskDefinitionArn || !revision?.taskDefinition || task.taskDefinitionArn === revision.taskDefinition

/** An event on an unhealthy target does not tell whose: it explains tasks that stopped for that, or that none has. */
function describeEnd(stop: StoppedTask | undefined, { events, own, stopped }: Observed, { container: app }: Setup): End {
  const { stopCode, stoppedReason } = stop?.task ?? {}
  const { name, exitCode, reason } = (stop && failedContainer(stop.task, app)) ?? {}
  const failedChecks = /ELB health checks/.test(stoppedReason ?? '')
  const isTelling = (text: string) => (/is unhealthy in/.test(text) ? failedChecks || stopped.length === 0 : !stop)
  const [, ...command] = stop?.healthCheck ?? []
  return {
    stopCode,
    stoppedReason,
    container: name,
    containerReason: reason,
    // A task that the scheduler stops for its health ends as it is asked to; how says nothing.
    exitCode: failedChecks || (exitCode === 0 && stopCode === 'ServiceSchedulerInitiated') ? undefined : exitCode,
    healthCheck: command.join(' ') || undefined,
    portVariable: stop?.portVariable,
    log: stop?.log ?? [],
    events: events.map(({ message }) => shorten(message)).filter(isTelling),
    statusReason: stop ? undefined : own?.statusReason,
  }
}

function collect(seen: Observed, setup: Setup, stops: StoppedTask[]): Evidence {
  const { own, events } = seen
  const last = stops.at(-1)
  const end = describeEnd(last, seen, setup)
  const said = events.map(({ message }) => shorten(message))
  return {
    deployment: own?.serviceDeploymentArn ?? null,
    status: own?.status ?? null,
    statusReason: own?.statusReason ?? null,
    stopCode: end.stopCode ?? null,
    stoppedReason: end.stoppedReason ? shorten(end.stoppedReason) : null,
    exitCode: end.exitCode ?? null,
    exitMeaning: (end.exitCode !== undefined && exitMeaning(end.exitCode)) || null,
    container: end.container ?? null,
    containerReason: end.containerReason ?? null,
    tasks: stops.flatMap(({ task }) => task.taskArn ?? []),
    target: reasonCode([...said, end.stoppedReason ?? '']),
    log: end.log.slice(-logLines),
    noLog: last && end.log.length === 0 ? (last.noLog ?? 'The log could not be read.') : null,
    events: said,
    console: consoleUrl(seen.service, setup.region),
  }
}

/** The words of an event, as the API's reason code. */
function reasonCode(texts: string[]): string | null {
  const text = texts.findLast((each) => /unhealthy in /.test(each)) ?? texts.find((each) => /failed ELB health checks/i.test(each))
  if (!text) return null
  const [, reason] = /\(reason ([^)]*)\)/.exec(text) ?? []
  if (!reason) return null
  const code = /codes: \[/.test(reason) ? 'Target.ResponseCodeMismatch' : /timed out/i.test(reason) ? 'Target.Timeout' : 'Target.FailedHealthChecks'
  return `${code}: ${reason}`
}

/** The service's page in AWS's console; its deployments tab shows events and stopped tasks. */
function consoleUrl({ clusterArn = '', serviceName = '' }: Service, region: string): string {
  const cluster = clusterArn.split('/').at(-1)
  const page = cluster && serviceName ? `/clusters/${cluster}/services/${serviceName}/deployments` : ''
  return `https://${region}.console.aws.amazon.com/ecs/v2${page}?region=${region}`
}

function firstHint({ status, statusReason, stoppedReason }: Evidence): string {
  if (stoppedReason) return `; the last task stopped with: ${stoppedReason.replace(/\.?$/, '.')}`
  if (statusReason) return `; ECS says: ${statusReason.replace(/\.?$/, '.')}`
  return status ? `; the deployment is ${status} and no task has failed.` : '; AWS shows no deployment.'
}

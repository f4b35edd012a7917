import { privateAddressOf, type ServiceRevision, type Task } from '../../platform/aws/ecs.ts'
import type { Target } from '../../platform/aws/elb.ts'
import type { Release } from '../../release/release.ts'
import { describeAnswer, type Answer } from '../ask-app.ts'
import { isComplete, type Observed } from '../observe.ts'
import { resolvedDigest, type Expected } from '../prove.ts'
import { shortDigest, takenBack } from '../receipt/receipt.ts'
import { idOf, shorten } from '../timeline.ts'

/** What does not change while one deployment is watched. */
export type Known = {
  /** The environment's name, such as `webapp-dev`. */
  environment: string
  account: string
  region: string
  release: Release
  /** Tags of older digests, as receipts tell them. */
  tags: ReadonlyMap<string, string>
  /** Whether Terraform has applied something. */
  applied: boolean
  /** AWS's seconds to watch on for a crash after the deployment was successful. */
  bakeSeconds: number
  /** What it took before; undefined where that is not known. */
  usualSeconds: number | undefined
  /** Epoch milliseconds. */
  deadline: number
}

/** One look, and what the watch makes of it. */
export type Look = {
  seen: Observed
  answer: Answer
  expected: Expected
  /** Whether it is proved, so that it is watched for a crash alone. */
  isProved: boolean
  /** What is waited for, in a sentence. */
  waiting: string
}

/** `failed`: it went no further than this. */
export type Stage = { name: string; state: 'done' | 'now' | 'ahead' | 'failed'; detail: string }

/** One task definition of the service; null is what AWS does not tell. */
export type Row = {
  isNew: boolean
  version: string | null
  digest: string | null
  desired: number
  running: number
  pending: number
  failed: number | null
  /** Of its targets, those that the load balancer knows; undefined where there is none. */
  targets: { healthy: number; registered: number } | null | undefined
  oldest: Date | null
}

/** All that one look has shown of a deployment, for people. */
export type Picture = Pick<Known, 'environment' | 'account' | 'region' | 'usualSeconds' | 'deadline'> & {
  commit: string | null
  tag: string
  digest: string
  deployment: { id: string; status: string } | null
  stages: Stage[]
  rows: Row[]
  breaker: { failures: number; threshold: number | null; isTriggered: boolean } | null
  /** Names of those that watch the deployment, and of those that have fired; null: not known. */
  alarms: { watching: string[]; fired: string[] } | null
  news: { at: Date; text: string } | null
  serves: string
  waiting: string
  /** Why it is the picture of an earlier look. */
  problem: string | null
}

/** Makes a picture of one look. */
export function readPicture(look: Look, known: Known): Picture {
  const { seen, answer, waiting } = look
  const { environment, account, region, usualSeconds, deadline, release } = known
  const rows = readRows(look, known)
  const { own, events } = seen
  const newest = events.toSorted((a, b) => Number(a.at) - Number(b.at)).at(-1)
  return {
    environment,
    account,
    region,
    usualSeconds,
    deadline,
    commit: release.commit,
    tag: release.tag,
    digest: release.digest,
    deployment: own ? { id: idOf(own.serviceDeploymentArn), status: own.status ?? 'UNKNOWN' } : null,
    stages: readStages(look, rows, known),
    rows,
    breaker: readBreaker(seen),
    alarms: own ? { watching: own.alarms?.alarmNames ?? [], fired: own.alarms?.triggeredAlarmNames ?? [] } : null,
    news: newest ? { at: newest.at, text: shorten(newest.message) } : null,
    serves: describeAnswer(answer).replace(/sha256:([0-9a-f]{12})[0-9a-f]{52}/, '$1'),
    waiting,
    problem: seen.problem?.message ?? null,
  }
}

function readBreaker({ own, service }: Observed): Picture['breaker'] {
  const { enable } = service.deploymentConfiguration?.deploymentCircuitBreaker ?? {}
  const { failureCount = 0, threshold, status } = own?.deploymentCircuitBreaker ?? {}
  return enable ? { failures: failureCount, threshold: threshold ?? null, isTriggered: status === 'TRIGGERED' } : null
}

/** The release first, then what it replaces, newest first; what ECS has given up may have left its list. */
function readRows({ seen, expected }: Look, { tags, release }: Known): Row[] {
  const { service, own, running } = seen
  const ours = expected.taskDefinition ?? seen.revision?.taskDefinition
  const listed = (service.deployments ?? []).map(({ taskDefinition = '', desiredCount = 0, runningCount = 0, pendingCount = 0, failedTasks }) => ({
    taskDefinition,
    counts: { desired: desiredCount, running: runningCount, pending: pendingCount, failed: failedTasks ?? null },
  }))
  const target = own?.targetServiceRevision
  if (target && ours && !listed.some(({ taskDefinition }) => taskDefinition === ours)) {
    const { requestedTaskCount: desired = 0, runningTaskCount = 0, pendingTaskCount: pending = 0 } = target
    listed.push({ taskDefinition: ours, counts: { desired, running: runningTaskCount, pending, failed: null } })
  }
  const rows = listed.map(({ taskDefinition, counts }): Row => {
    const isNew = taskDefinition === ours
    const tasks = running.filter(({ taskDefinitionArn }) => taskDefinitionArn === taskDefinition)
    const digest = isNew ? release.digest : digestOf(taskDefinition, tasks, seen.revisions, expected)
    const started = tasks.flatMap(({ startedAt }) => startedAt ?? []).sort((a, b) => Number(a) - Number(b))
    const version = isNew ? release.tag : (tags.get(digest ?? '') ?? null)
    return { isNew, version, digest: digest && shortDigest(digest), ...counts, targets: countTargets(seen, tasks), oldest: started[0] ?? null }
  })
  return rows.sort((a, b) => Number(b.isNew) - Number(a.isNew))
}

function digestOf(taskDefinition: string, tasks: Task[], revisions: ServiceRevision[], { container }: Expected): string | null {
  const revision = revisions.findLast((each) => each.taskDefinition === taskDefinition)
  const ofTask = tasks[0]?.containers?.find(({ name }) => name === container)?.imageDigest
  return resolvedDigest({ revision }, { container }) ?? ofTask ?? null
}

function countTargets({ service, targets }: Observed, tasks: Task[]): Row['targets'] {
  if ((service.loadBalancers ?? []).length === 0) return undefined
  if (!targets) return null
  const addresses = new Set(tasks.map(privateAddressOf))
  const registered = targets.filter(({ id, state }) => addresses.has(id) && state !== 'draining')
  return { healthy: registered.filter(isHealthy).length, registered: registered.length }
}

const isHealthy = ({ state }: Target) => state === 'healthy'

/** How far it is: its tasks start, become healthy, the old ones make way, it is proved, and watched for a crash. */
function readStages({ seen, isProved }: Look, rows: Row[], { applied, bakeSeconds }: Known): Stage[] {
  const { own, service, stopping } = seen
  const row = rows.find(({ isNew }) => isNew)
  const old = rows.filter(({ isNew }) => !isNew).reduce((sum, { running }) => sum + running, 0)
  const hasStarted = row !== undefined && row.desired > 0 && row.running >= row.desired
  const isHealthy = hasStarted && (row.targets ? row.targets.healthy >= row.desired : row.targets === undefined || isComplete(service))
  const hasDrained = isHealthy && isComplete(service) && old + stopping === 0
  const steps: [name: string, isDone: boolean, detail: string][] = [
    ['start', isProved || hasStarted, row ? `${row.running} of ${row.desired}` : ''],
    ['health', isProved || isHealthy, row?.targets ? `${row.targets.healthy} of ${row.desired}` : ''],
    ['drain', isProved || hasDrained, old + stopping > 0 ? `${old + stopping} left` : ''],
    ['prove', isProved, ''],
    ...(applied && bakeSeconds > 0 ? [['bake', false, `${bakeSeconds} s`] as [string, boolean, string]] : []),
  ]
  const first = steps.findIndex(([, isDone]) => !isDone)
  const before: Stage[] = applied ? [{ name: 'apply', state: 'done', detail: '' }] : []
  if (takenBack.has(own?.status ?? '')) return [...before, ...steps.slice(0, first).map(done), ...giveBack(steps[first]?.[0] ?? 'start', own?.status)]
  return [...before, ...steps.map((step, index): Stage => (index < first || step[1] ? done(step) : { name: step[0], state: index === first ? 'now' : 'ahead', detail: index === first || step[0] === 'bake' ? step[2] : '' }))]
}

const done = ([name]: [string, ...unknown[]]): Stage => ({ name, state: 'done', detail: '' })

function giveBack(at: string, status = ''): Stage[] {
  const isOver = status === 'ROLLBACK_SUCCESSFUL' || status === 'STOPPED'
  return [
    { name: at, state: 'failed', detail: '' },
    { name: status.startsWith('STOP') ? 'stop' : 'roll back', state: status === 'ROLLBACK_FAILED' ? 'failed' : isOver ? 'done' : 'now', detail: '' },
  ]
}

import { describeScaling, type Scaling } from '../platform/aws/autoscaling.ts'
import { describeAlarms, type Alarm } from '../platform/aws/cloudwatch.ts'
import { findDigests } from '../platform/aws/ecr.ts'
import { privateAddressOf, type Service, type Task } from '../platform/aws/ecs.ts'
import { describeTargets, isDeletionProtected, type Target } from '../platform/aws/elb.ts'
import { CliError } from '../platform/errors.ts'
import { interruption } from '../platform/interrupts.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { askApp, describeAnswer, type Answer } from './ask-app.ts'
import { describeExpiry } from './describe-expiry.ts'
import { containerOf } from './prove.ts'
import { isProved, shortDigest } from './receipt/receipt.ts'
import type { Receipts } from './receipt/store.ts'
import type { DeployedService, Outputs } from './service.ts'
import { shorten } from './timeline.ts'
import { readTruth } from './truth.ts'

/** One task; null is what AWS does not tell. */
export type TaskStatus = {
  id: string
  zone: string | null
  tag: string | null
  digest: string | null
  /** Whether it runs what the service is told to run. */
  isRight: boolean
  status: string
  containerHealth: string | null
  targetHealth: string | null
  cpu: string | null
  memory: string | null
  startedAt: string | null
  spot: boolean
}

/** What is deployed and how it does; null is what is not known, and `unknown` says why. */
export type Status = {
  healthy: boolean
  sentence: string
  url: string | null
  app: string | null
  tag: string | null
  version: string | null
  digest: string | null
  since: string | null
  by: string | null
  counts: { desired: number; running: number; pending: number; why: string }
  tasks: TaskStatus[]
  targets: Target[]
  /** `held`: that it waits for `continue` or `rollback`, and what ECS does when nobody decides. */
  deployment: { status: string; reason: string | null; since: string | null; held: string | null } | null
  alarms: Alarm[]
  protections: { circuitBreaker: string; deletionProtection: boolean | null }
  drift: string | null
  events: { at: string; text: string }[]
  imageInEcr: boolean | null
  unknown: string[]
}

const eventsShown = 5
const receiptsRead = 20

export type Deployed = { outputs: Outputs; service: DeployedService }

/**
 * Looks once at what is deployed.
 * @throws CliError `unavailable` where the service itself cannot be read; of all else it is said that it is unknown
 */
export async function readStatus({ outputs, service }: Deployed, { inputs }: Settings, receipts: Receipts): Promise<Status> {
  const unknown: string[] = []
  const read = async <Value>(call: Promise<Value>): Promise<Value | null> =>
    call.catch((error: unknown) => {
      interruption.throwIfAborted()
      if (!(error instanceof CliError)) throw error
      unknown.push(error.message)
      return null
    })
  const { region } = inputs
  const [shown, newest] = await Promise.all([service.describe(), receipts.newest(receiptsRead)])
  const group = outputs.target_group_arn ?? shown.loadBalancers?.[0]?.targetGroupArn
  const address = outputs.alb_url ? { url: outputs.alb_url, balancer: outputs.alb_dns_name, healthPath: outputs.health_check_path } : undefined
  const [truth, tasks, deployments, targets, scaling, alarms, deletionProtection, answer] = await Promise.all([
    readTruth(region, Promise.resolve(outputs), Promise.resolve(newest)),
    read(service.tasks('RUNNING')),
    read(service.deployments()),
    group ? read(describeTargets(group, region)) : null,
    read(describeScaling(service)),
    read(describeAlarms(shown.deploymentConfiguration?.alarms?.alarmNames ?? [], region)),
    group ? read(isDeletionProtected(group, region)) : null,
    address ? askApp(address) : null,
  ])
  if (truth.unknown) unknown.push(truth.unknown)
  const digest = truth.live?.digest ?? null
  const receipt = newest.find(({ receipt }) => isProved(receipt) && receipt.release.digest === digest)?.receipt
  const known = new Map(newest.map(({ receipt }) => [receipt.release.digest, receipt.release.tag]))
  const container = containerOf(shown, outputs.container_name)
  const rows = (tasks ?? []).map((task) => describeTask(task, shown, container, digest, targets ?? [], known))
  const underWay = deployments?.findLast(({ status = '' }) => /PENDING|IN_PROGRESS|REQUESTED/.test(status))
  const images = digest ? await read(findDigests(inputs.repository_name, [digest], region)) : null
  const counts = { desired: shown.desiredCount ?? 0, running: shown.runningCount ?? 0, pending: shown.pendingCount ?? 0 }
  const problems = findProblems({ counts, tasks: tasks && rows, targets: group ? targets : [], alarms, answer })
  const runs = `${receipt?.release.tag ?? (digest ? shortDigest(digest) : 'an unknown version')}`
  const named = `${service.service} ${problems.length > 0 ? `is not healthy: ${problems.join('; ')}` : `serves ${runs} on ${counts.desired} of ${counts.desired} healthy tasks`}`
  return {
    healthy: problems.length === 0,
    sentence: `${named}${underWay ? `; a deployment is ${truth.held ? 'held' : 'under way'}` : ''}.`,
    url: outputs.alb_url ?? null,
    app: answer && describeAnswer(answer),
    tag: receipt?.release.tag ?? null,
    version: answer && 'version' in answer ? answer.version.version : null,
    digest,
    since: (truth.live?.since ?? (receipt && new Date(receipt.endedAt)))?.toISOString() ?? null,
    by: receipt?.by.who ?? null,
    counts: { ...counts, why: explainDesired(scaling) },
    tasks: rows,
    targets: targets ?? [],
    deployment: underWay ? { status: underWay.status ?? '', reason: underWay.statusReason ?? null, since: underWay.createdAt?.toISOString() ?? null, held: truth.held && describeExpiry(truth.held) } : null,
    alarms: alarms ?? [],
    protections: { circuitBreaker: describeBreaker(shown), deletionProtection },
    drift: truth.drift && `${truth.drift.message} This joins them again: ${truth.drift.fix}`,
    events: (shown.events ?? []).slice(0, eventsShown).map(({ createdAt, message = '' }) => ({ at: createdAt?.toISOString() ?? '', text: shorten(message) })),
    imageInEcr: images && digest ? images.has(digest) : null,
    unknown,
  }
}

function describeTask(task: Task, service: Service, container: string | undefined, digest: string | null, targets: Target[], known: Map<string, string>): TaskStatus {
  const app = task.containers?.find(({ name }) => name === container)
  const address = privateAddressOf(task)
  const ownDigest = app?.imageDigest ?? null
  return {
    id: task.taskArn?.split('/').at(-1)?.slice(0, 8) ?? '',
    zone: task.availabilityZone ?? null,
    tag: known.get(ownDigest ?? '') ?? null,
    digest: ownDigest,
    isRight: task.taskDefinitionArn === service.taskDefinition && (digest === null || ownDigest === digest),
    status: task.lastStatus ?? 'UNKNOWN',
    containerHealth: app?.healthStatus ?? null,
    targetHealth: targets.find(({ id }) => id === address)?.state ?? null,
    cpu: task.cpu ?? null,
    memory: task.memory ?? null,
    startedAt: task.startedAt?.toISOString() ?? null,
    spot: task.capacityProviderName === 'FARGATE_SPOT',
  }
}

/** Why it is not healthy; what could not be read is a reason, too. null: not known. */
type Seen = {
  counts: { desired: number; running: number }
  tasks: TaskStatus[] | null
  targets: Target[] | null
  alarms: Alarm[] | null
  answer: Answer | null
}

function findProblems({ counts: { desired, running }, tasks, targets, alarms, answer }: Seen): string[] {
  const wrong = (tasks ?? []).filter(({ isRight, status }) => !isRight && status === 'RUNNING').length
  const sick = (tasks ?? []).filter(({ containerHealth }) => containerHealth === 'UNHEALTHY').length
  const healthy = (targets ?? []).filter(({ state }) => state === 'healthy').length
  const ringing = (alarms ?? []).filter(({ state }) => state === 'ALARM').map(({ name }) => name)
  const answers = answer && !('nothing' in answer) && !('healthStatus' in answer && answer.healthStatus >= 300)
  const problems: [boolean, string][] = [
    [desired === 0, 'no task is wanted'],
    [running < desired, `${running} of ${desired} tasks run`],
    [tasks === null, 'its tasks cannot be read'],
    [wrong > 0, `${wrong} of its tasks ${wrong === 1 ? 'runs' : 'run'} another version`],
    [sick > 0, `the container health check of ${sick} ${sick === 1 ? 'task fails' : 'tasks fails'}`],
    [targets === null, "its targets' health cannot be read"],
    [targets !== null && targets.length > 0 && healthy < desired, `${healthy} of ${desired} targets are healthy`],
    [targets?.length === 0 && running > 0 && answer !== null && !answers, 'no target is registered'],
    [alarms === null, 'its alarms cannot be read'],
    [ringing.length > 0, `in alarm: ${ringing.join(', ')}`],
    [answer === null, 'the app cannot be asked: Terraform has no output alb_url'],
    [answer !== null && !answers, `the app does not answer: ${answer ? describeAnswer(answer) : ''}`],
  ]
  return problems.flatMap(([isSo, text]) => (isSo ? [text] : []))
}

function explainDesired(scaling: Scaling | undefined | null): string {
  if (scaling === null) return 'whether autoscaling decides is not known'
  if (!scaling) return 'nothing scales it'
  const { min, max, last } = scaling
  return `autoscaling holds ${min} to ${max}${last ? `; last: ${last.cause}` : '; it has not changed the count'}`
}

function describeBreaker({ deploymentConfiguration }: Service): string {
  const { enable, rollback } = deploymentConfiguration?.deploymentCircuitBreaker ?? {}
  if (!enable) return 'off'
  return rollback ? 'on, rolls back' : 'on, does not roll back'
}

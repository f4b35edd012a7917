import { setTimeout as sleep } from 'node:timers/promises'
import { isDenied } from '../platform/aws/client.ts'
import { listPlatformDigests } from '../platform/aws/ecr.ts'
import type { Target } from '../platform/aws/elb.ts'
import { describeCause, type CliError } from '../platform/errors.ts'
import { interruption } from '../platform/interrupts.ts'
import type { Say, Terminal } from '../platform/terminal/terminal.ts'
import { repositoryName, type Release } from '../release/release.ts'
import { askApp, type Answer, type AppAddress } from './ask-app.ts'
import { diagnose, hasFailed, repeatedCause, type Diagnosis, type Setup } from './diagnose.ts'
import { hasEnded, observe, type Observed } from './observe.ts'
import { findHold } from './hold.ts'
import type { Failed, Outcome, Serving } from './outcome.ts'
import { answersInARow, containerOf, prove, resolvedDigest, shortArn, shownBy, type Expected } from './prove.ts'
import { findDeployedService, type DeployedService, type Outputs } from './service.ts'
import { formatMoment, timelineOf } from './timeline.ts'

export type WatchOptions = {
  release: Release
  region: string
  /** Terraform's. */
  outputs: Outputs & { alb_url: string }
  /** Whether Terraform has applied something. */
  applied: boolean
  /** Real seconds, for which it looks. */
  timeoutSeconds: number
  /** AWS's seconds to watch on for a crash after the deployment was successful. */
  bakeSeconds: number
  /** Whether ECS alone decides when to give up, however often the same ends the tasks. */
  keepTrying: boolean
  /** How many of AWS's seconds pass in one. */
  speed: number
  /** A lifecycle hook that somebody has decided: ECS may show it as waiting for a moment yet. */
  decidedHook?: string | undefined
  /** Finds the `file:line` of the inputs. */
  locateInputs: () => Promise<ReadonlyMap<string, string>>
  /** Is given all that each look has shown. */
  onLook?: (seen: Observed) => void
}

const pollMilliseconds = 1000
/** Between looks that fail: doubled from the poll to this. */
const longestPauseMilliseconds = 15_000
/** A permission that is missing for so long is not one that is about to come. */
const deniedSeconds = 60
/** What ECS has been told may show a little later: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html */
const settleSeconds = 30

/** All that one watch of a service works with. */
type Watch = {
  service: DeployedService
  address: AppAddress
  expected: Expected
  options: WatchOptions
  watcher: ReturnType<typeof observe>
  tell: (seen: Observed) => void
  terminal: Terminal
  say: Say
  started: number
}

/** Follows what ECS makes of an apply, tells it as it happens, and proves that the release serves. */
export async function watchRollout(options: WatchOptions, terminal: Terminal, say: Say): Promise<Outcome> {
  const { outputs, region, release, timeoutSeconds } = options
  const address = { url: outputs.alb_url, balancer: outputs.alb_dns_name, healthPath: outputs.health_check_path }
  const service = findDeployedService(region, outputs)
  const started = performance.now()
  const deadline = started + timeoutSeconds * 1000
  if (!service) return watchApp(address, deadline, release, say)
  const expected: Expected = { release, digests: new Set([release.digest]), taskDefinition: outputs.task_definition_arn, container: outputs.container_name }
  if (!expected.taskDefinition) terminal.note('  Terraform has no output task_definition_arn: the newest deployment is taken for its own.')
  const watcher = observe(service, { taskDefinition: expected.taskDefinition })
  return watchService({ service, address, expected, options, watcher, tell: createTeller(options, terminal), terminal, say, started }, deadline)
}

async function watchService(watch: Watch, deadline: number): Promise<Outcome> {
  const { service, address, expected, options, watcher, tell, say } = watch
  const { applied } = options
  const readPlatforms = createPlatformReader(options)
  const giveUp = createStopper(watch)
  const denied = stopwatch()
  const elsewhere = stopwatch()
  let failedLooks = 0

  for (let looks = 1; ; looks++) {
    const [ecs, answers] = await Promise.all([watcher.look(), askInARow(address, expected)])
    expected.container ??= containerOf(ecs.service, undefined)
    await readPlatforms(ecs, expected)
    tell(ecs)
    options.onLook?.(ecs)
    const result = prove({ ecs, answers }, expected)
    // The first look after an apply may still show what was before.
    if ('proof' in result && !ecs.problem && (looks > 1 || !applied)) return bake(watch, served(result.proof, answers), ecs)
    const answer = answers.at(-1) as Answer
    const hold = findHold(ecs.own ? [ecs.own] : [], options.decidedHook)
    if (hold) return { kind: 'held', hold, tasks: ecs.running.filter(({ taskDefinitionArn }) => taskDefinitionArn === ecs.revision?.taskDefinition).length, answer }
    const isElsewhere = elsewhere(runsElsewhere(ecs, expected)) >= (applied ? settleSeconds : 0)
    const given = await giveUp(ecs)
    const failure = findFailure(ecs, watch, isElsewhere, given)
    if (failure) return fail(watch, ecs, answer, failure)
    const missing = 'missing' in result ? result.missing : []
    const isOver = performance.now() >= deadline || denied(isDenied(ecs.problem?.cause)) >= deniedSeconds
    if (isOver) return ecs.problem ? unknown(ecs.problem, missing, answer, service) : fail(watch, ecs, answer, { ...tooLate(missing, watch, given), missing })
    say(missing[0] ?? 'once more')
    failedLooks = ecs.problem ? failedLooks + 1 : 0
    await pause(Math.min(longestPauseMilliseconds, pollMilliseconds * 2 ** failedLooks, deadline - performance.now()))
  }
}

/** Watches on for a while: ECS rolls nothing back that it has called successful. */
async function bake(watch: Watch, outcome: Outcome, { stopped }: Observed): Promise<Outcome> {
  const { address, expected, options, watcher, tell, terminal, say } = watch
  const until = performance.now() + (options.applied ? options.bakeSeconds / options.speed : 0) * 1000
  const before = new Set(stopped.map(({ task }) => task.taskArn))
  const isCrash = ({ task }: Observed['stopped'][number]) => !before.has(task.taskArn) && task.taskDefinitionArn === expected.taskDefinition && hasFailed(task)
  let problem: CliError | undefined
  while (performance.now() < until) {
    say(`it serves; watched for a crash for another ${Math.ceil((until - performance.now()) / 1000)} s`)
    await pause(Math.min(pollMilliseconds, until - performance.now()))
    const ecs = await watcher.look()
    tell(ecs)
    const crashed = ecs.stopped.filter(isCrash)
    if (crashed.length > 0) {
      const ending = 'nobody: ECS rolls nothing back that it has called successful. To go back, deploy the version before with --tag.'
      return fail(watch, { ...ecs, stopped: crashed }, await askApp(address), { when: 'after success', gaveUp: null, ending })
    }
    problem = ecs.problem
  }
  if (problem) terminal.warn(`${problem.message} Whether it has crashed since it was successful is unknown.`)
  return outcome
}

/** Where Terraform's outputs name no service, the app is all that can be asked, and that is no proof. */
async function watchApp(address: AppAddress, deadline: number, release: Release, say: Say): Promise<Outcome> {
  for (;;) {
    const answers = await askInARow(address, { release, digests: new Set([release.digest]) })
    const answer = answers.at(-1) as Answer
    if (answers.length === answersInARow || performance.now() >= deadline) {
      const fix = 'Let infrastructure/outputs.tf give service_arn, task_definition_arn and container_name, and deploy again.'
      const missing = ['ECS: its deployment', 'tasks: their image']
      return { kind: 'unknown', missing, cause: "Terraform's outputs name no ECS service.", fix, unavailable: true, answer }
    }
    say('the app does not answer with it yet')
    await pause(pollMilliseconds)
  }
}

/** Asks until the app has been right often enough, or once was not. */
async function askInARow(address: AppAddress, expected: Pick<Expected, 'release' | 'digests'>): Promise<Answer[]> {
  const answers: Answer[] = []
  while (answers.length < answersInARow) {
    const answer = await askApp(address)
    if (!shownBy(answer, expected)) return [answer]
    answers.push(answer)
  }
  return answers
}

const served = (proof: Extract<Outcome, { kind: 'served' }>['proof'], answers: Answer[]): Outcome => {
  const answer = answers.at(-1)
  return { kind: 'served', proof, version: answer && 'version' in answer ? answer.version.version : null }
}

/** How a watch ends without the release serving; without a diagnosis, what ECS shows is diagnosed. */
type Failure = Pick<Failed, 'gaveUp' | 'ending'> & { diagnosis?: Pick<Diagnosis, 'cause' | 'fix'>; when?: Failed['when']; missing?: string[] }

async function fail(watch: Watch, ecs: Observed, answer: Answer, { gaveUp, ending, diagnosis, when = 'rollout', missing = [] }: Failure): Promise<Outcome> {
  const { options, started, service } = watch
  const [places, targets] = await Promise.all([options.locateInputs(), service.targets(ecs.service)])
  const seconds = Math.round(((performance.now() - started) / 1000) * options.speed)
  const found = { ...diagnose(ecs, setupOf(watch, ecs, places)), ...(diagnosis && { ...diagnosis, known: true, place: null }) }
  return { kind: 'failed', when, seconds, gaveUp, ending, missing, diagnosis: found, serving: readServing(ecs, targets, answer, watch.expected) }
}

function setupOf({ address, expected, options: { region, release } }: Watch, { service }: Observed, places: Setup['places'] = new Map()): Setup {
  const { container } = expected
  const port = service.loadBalancers?.find(({ containerName }) => containerName === container)?.containerPort
  const repository = release.repository.slice(release.repository.indexOf('/') + 1)
  return { container, port, healthPath: address.healthPath, gracePeriod: service.healthCheckGracePeriodSeconds, places, region, repository, tag: release.tag }
}

function readServing({ service, running }: Observed, targets: Target[] | undefined, answer: Answer, { taskDefinition }: Expected): Serving {
  const tasks = running.filter(({ lastStatus, healthStatus }) => lastStatus === 'RUNNING' && healthStatus !== 'UNHEALTHY').length
  const healthy = targets ? Math.min(tasks, targets.filter(({ state }) => state === 'healthy').length) : tasks
  const isDifferent = taskDefinition && service.taskDefinition && service.taskDefinition !== taskDefinition
  const difference = isDifferent ? `Terraform's state says ${shortArn(taskDefinition)}, ECS runs ${shortArn(service.taskDefinition)}` : null
  return { answer, healthy, desired: service.desiredCount ?? running.length, difference }
}

/** `nothing before`: it is the first deployment, with nothing to go back to. */
type GivenUp = 'stopped' | 'nothing before' | undefined

/** Ends the deployment once, when a second task has ended of what will end every other. */
function createStopper(watch: Watch) {
  const { service, options, terminal } = watch
  let given: GivenUp
  let isRefused = options.keepTrying
  return async (ecs: Observed): Promise<GivenUp> => {
    const { own, problem } = ecs
    if (given || isRefused || problem || own?.status !== 'IN_PROGRESS' || !repeatedCause(ecs, setupOf(watch, ecs))) return given
    if (own.sourceServiceRevisions?.length === 0) return (given = 'nothing before')
    try {
      await service.rollBack(own.serviceDeploymentArn ?? '')
      terminal.note('  A second task has ended of the same cause: the deployment is stopped, and ECS goes back.')
      given = 'stopped'
    } catch (error) {
      interruption.throwIfAborted()
      const { message, fix = '' } = error as CliError
      terminal.warn(`${message} ${fix} ECS decides when to give up.`)
      isRefused = true
    }
    return given
  }
}

/** What shows that the release will not serve, however long one waits. */
function findFailure(ecs: Observed, { expected, service: { cluster, service } }: Watch, settledElsewhere: boolean, given: GivenUp): Failure | undefined {
  const { own } = ecs
  const { release, taskDefinition = '' } = expected
  const nobody = { gaveUp: null, ending: 'nobody: the deployment is complete.' }
  if (given === 'nothing before') {
    return { gaveUp: 'fargate-ctl', ending: 'fargate-ctl, at the second identical cause. It is the first deployment: there is nothing to go back to, and ECS goes on trying.' }
  }
  if (settledElsewhere) {
    const last = own && own.status !== 'SUCCESSFUL' ? `its last deployment: ${own.status}${own.statusReason ? `: ${own.statusReason}` : ''}` : ''
    return {
      ...nobody,
      diagnosis: {
        cause: `ECS runs ${shortArn(ecs.service.taskDefinition)}, and not ${shortArn(taskDefinition)} as Terraform's state says. ${last || 'ECS has rolled back, or somebody else has deployed since.'}`,
        fix: `To go on with what ECS runs, deploy that version with --tag. To try this one again: aws ecs update-service --cluster ${cluster} --service ${service} --task-definition ${shortArn(taskDefinition)}`,
      },
    }
  }
  if (hasEnded(ecs) && own?.status !== 'SUCCESSFUL' && !isTriedAgain(ecs)) return given ? { gaveUp: 'fargate-ctl', ending: weStopped } : { gaveUp: 'ECS', ending: describeEcs(ecs) }
  const digest = resolvedDigest(ecs, expected)
  if (own?.status !== 'SUCCESSFUL' || !digest || expected.digests.has(digest)) return undefined
  return {
    ...nobody,
    diagnosis: {
      cause: `The service's task definition leads to ${digest}, and ${release.tag} is ${release.digest}.`,
      fix: 'Let the task definition name the image by the variable image_digest, as infrastructure/variables.tf declares it; a tag is resolved once for each deployment.',
    },
  }
}

const weStopped = "fargate-ctl, at the second identical cause: it stopped the deployment, before ECS's circuit breaker did."

/** Why ECS has ended a deployment. */
function describeEcs({ own }: Observed): string {
  const alarms = own?.alarms?.triggeredAlarmNames ?? []
  if (alarms.length > 0) return `ECS, for the alarm ${alarms.join(', ')}.`
  const { failureCount, threshold, status } = own?.deploymentCircuitBreaker ?? {}
  if (status === 'TRIGGERED' || /circuit breaker/i.test(own?.statusReason ?? '')) {
    return `ECS's circuit breaker${failureCount ? `, after ${failureCount} failures (threshold ${threshold})` : ''}.`
  }
  return 'ECS, or somebody who stopped the deployment.'
}

/** Whether the service has begun another deployment of the same task definition, which is not listed yet. */
function isTriedAgain({ service, revision }: Observed): boolean {
  const primary = service.deployments?.find(({ status }) => status === 'PRIMARY')
  return primary?.rolloutState === 'IN_PROGRESS' && primary.taskDefinition === revision?.taskDefinition
}

const runsElsewhere = (ecs: Observed, { taskDefinition }: Expected): boolean => {
  const isDifferent = Boolean(taskDefinition && ecs.service.taskDefinition && ecs.service.taskDefinition !== taskDefinition)
  return isDifferent && (!ecs.own || hasEnded(ecs))
}

function tooLate(missing: string[], { options: { outputs, release, timeoutSeconds } }: Watch, given: GivenUp): Failure {
  const end = `the time-out of ${timeoutSeconds} s (--timeout) is over`
  if (given) return { gaveUp: 'fargate-ctl', ending: `${weStopped} ECS is still going back; ${end}.` }
  const gaveUp = { gaveUp: null, ending: `nobody: ${end}, and ECS goes on with the deployment.` }
  if (!missing.every((each) => each.startsWith('app:'))) return gaveUp
  const cause = `${outputs.alb_url} did not answer with ${release.tag} within ${timeoutSeconds} s, although ECS has deployed it.`
  return { ...gaveUp, ending: `nobody: ${end}.`, diagnosis: { cause, fix: `See that ${outputs.alb_url} leads to this load balancer and its listener to this service, and read the tasks' logs.` } }
}

function unknown(problem: CliError, missing: string[], answer: Answer, { cluster, service, region }: DeployedService): Outcome {
  const look = `See what ECS did: aws ecs describe-services --cluster ${cluster} --services ${service} --region ${region}`
  const cause = [problem.message, describeCause(problem.cause)].filter(Boolean).join(' ')
  return { kind: 'unknown', missing, cause, fix: [problem.fix, look].filter(Boolean).join('\n'), unavailable: isDenied(problem.cause), answer }
}

/** Tells every moment of the deployment once, and every reason why ECS cannot be asked. */
function createTeller({ speed, outputs }: WatchOptions, terminal: Terminal) {
  const told = new Set<string>()
  let isBlind = false
  const once = (text: string, print: (text: string) => void) => {
    if (!told.has(text)) print(text)
    told.add(text)
  }
  return (seen: Observed) => {
    const { own, problem } = seen
    const moments = own?.createdAt ? timelineOf(seen, { from: own.createdAt, speed, app: outputs.container_name }) : []
    for (const line of moments.map(formatMoment)) once(line, (text) => terminal.note(terminal.colors.dim(text)))
    if (problem && (!isBlind || isDenied(problem.cause))) once(`${problem.message} It is asked again. ${problem.fix ?? ''}`.trim(), (text) => terminal.warn(text))
    if (!problem && isBlind) terminal.note('  ECS answers again.')
    isBlind = problem !== undefined
  }
}

/** Looks once what an index holds, when ECS names another digest than the release's. */
function createPlatformReader({ release, region }: WatchOptions) {
  let isRead = false
  return async (ecs: Observed, expected: Expected) => {
    const digest = resolvedDigest(ecs, expected)
    if (isRead || !digest || expected.digests.has(digest)) return
    const platforms = await listPlatformDigests(repositoryName(release), release.digest, region).catch(() => (interruption.throwIfAborted(), undefined))
    isRead = platforms !== undefined
    for (const each of platforms ?? []) expected.digests.add(each)
  }
}

/** @returns how many seconds something has been so without a break */
function stopwatch() {
  let since: number | undefined
  return (isSo: boolean): number => {
    if (!isSo) return (since = undefined), -1
    since ??= performance.now()
    return (performance.now() - since) / 1000
  }
}

const pause = (milliseconds: number) =>
  sleep(Math.max(50, milliseconds), undefined, { signal: interruption }).catch(() => interruption.throwIfAborted())

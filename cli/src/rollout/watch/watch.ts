import { setTimeout as sleep } from 'node:timers/promises'
import { isDenied } from '../../platform/aws/client.ts'
import { listPlatformDigests } from '../../platform/aws/ecr.ts'
import type { CliError } from '../../platform/errors.ts'
import { interruption } from '../../platform/interrupts.ts'
import type { Say, Terminal } from '../../platform/terminal/terminal.ts'
import { repositoryName, type Release } from '../../release/release.ts'
import { askApp, type Answer, type AppAddress } from '../ask-app.ts'
import { diagnose, hasFailed, repeatedCause, type Setup } from '../diagnose.ts'
import { observe, type Observed } from '../observe.ts'
import { findHold } from '../hold.ts'
import type { Outcome } from '../outcome.ts'
import { answersInARow, containerOf, prove, resolvedDigest, shownBy, type Expected } from '../prove.ts'
import { findDeployedService, type DeployedService, type Outputs } from '../service.ts'
import { findFailure, readServing, runsElsewhere, tooLate, unknown, type Failure, type GivenUp } from './decide.ts'
import type { Known, Look } from './picture.ts'
import { createShow } from './show.ts'

export type WatchOptions = Omit<Known, 'deadline'> & {
  /** Terraform's. */
  outputs: Outputs & { alb_url: string }
  /** Real seconds, for which it looks. */
  timeoutSeconds: number
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
  show: (look: Look) => void
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
  const show = createShow({ ...options, deadline: Date.now() + timeoutSeconds * 1000 }, options.speed, terminal)
  return watchService({ service, address, expected, options, watcher, show, terminal, say, started }, deadline)
}

async function watchService(watch: Watch, deadline: number): Promise<Outcome> {
  const { service, address, expected, options, watcher, show, say } = watch
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
    options.onLook?.(ecs)
    const result = prove({ ecs, answers }, expected)
    const missing = 'missing' in result ? result.missing : []
    const answer = answers.at(-1) as Answer
    const waiting = missing[0] ?? 'once more'
    show({ seen: ecs, answer, expected, isProved: false, waiting })
    // The first look after an apply may still show what was before.
    if ('proof' in result && !ecs.problem && (looks > 1 || !applied)) return bake(watch, served(result.proof, answers), ecs, answer)
    const hold = findHold(ecs.own ? [ecs.own] : [], options.decidedHook)
    if (hold) return { kind: 'held', hold, tasks: ecs.running.filter(({ taskDefinitionArn }) => taskDefinitionArn === ecs.revision?.taskDefinition).length, answer }
    const isElsewhere = elsewhere(runsElsewhere(ecs, expected)) >= (applied ? settleSeconds : 0)
    const given = await giveUp(ecs)
    const failure = findFailure(ecs, expected, service, isElsewhere, given)
    if (failure) return fail(watch, ecs, answer, failure)
    const isOver = performance.now() >= deadline || denied(isDenied(ecs.problem?.cause)) >= deniedSeconds
    if (isOver) return ecs.problem ? unknown(ecs.problem, missing, answer, service) : fail(watch, ecs, answer, { ...tooLate(missing, given, address.url, options.release, options.timeoutSeconds), missing })
    say(waiting)
    failedLooks = ecs.problem ? failedLooks + 1 : 0
    await pause(Math.min(longestPauseMilliseconds, pollMilliseconds * 2 ** failedLooks, deadline - performance.now()))
  }
}

/** Watches on for a while: ECS rolls nothing back that it has called successful. */
async function bake(watch: Watch, outcome: Outcome, { stopped }: Observed, answer: Answer): Promise<Outcome> {
  const { address, expected, options, watcher, show, terminal, say } = watch
  const until = performance.now() + (options.applied ? options.bakeSeconds / options.speed : 0) * 1000
  const before = new Set(stopped.map(({ task }) => task.taskArn))
  const isCrash = ({ task }: Observed['stopped'][number]) => !before.has(task.taskArn) && task.taskDefinitionArn === expected.taskDefinition && hasFailed(task)
  let problem: CliError | undefined
  while (performance.now() < until) {
    const waiting = `it serves; watched for a crash for another ${Math.ceil((until - performance.now()) / 1000)} s`
    say(waiting)
    await pause(Math.min(pollMilliseconds, until - performance.now()))
    const ecs = await watcher.look()
    show({ seen: ecs, answer, expected, isProved: true, waiting })
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

async function fail(watch: Watch, ecs: Observed, answer: Answer, { gaveUp, ending, diagnosis, when = 'rollout', missing = [] }: Failure): Promise<Outcome> {
  const { options, started } = watch
  const places = await options.locateInputs()
  const seconds = Math.round(((performance.now() - started) / 1000) * options.speed)
  const found = { ...diagnose(ecs, setupOf(watch, ecs, places)), ...(diagnosis && { ...diagnosis, known: true, place: null }) }
  return { kind: 'failed', when, seconds, gaveUp, ending, missing, diagnosis: found, serving: readServing(ecs, answer, watch.expected) }
}

function setupOf({ address, expected, options: { region, release } }: Watch, { service }: Observed, places: Setup['places'] = new Map()): Setup {
  const { container } = expected
  const port = service.loadBalancers?.find(({ containerName }) => containerName === container)?.containerPort
  const repository = release.repository.slice(release.repository.indexOf('/') + 1)
  return { container, port, healthPath: address.healthPath, gracePeriod: service.healthCheckGracePeriodSeconds, places, region, repository, tag: release.tag }
}

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

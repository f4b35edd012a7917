import { setTimeout as sleep } from 'node:timers/promises'
import { isDenied } from '../platform/aws/client.ts'
import { listPlatformDigests } from '../platform/aws/ecr.ts'
import { describeCause, type CliError } from '../platform/errors.ts'
import { interruption } from '../platform/interrupts.ts'
import type { Say, Terminal } from '../platform/terminal/terminal.ts'
import { repositoryName, type Release } from '../release/release.ts'
import { askApp, type Answer, type AppAddress } from './ask-app.ts'
import { diagnose, type Setup } from './diagnose.ts'
import { hasEnded, observe, type Observed } from './observe.ts'
import type { Outcome } from './outcome.ts'
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
  /** How many of AWS's seconds pass in one. */
  speed: number
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

/** Follows what ECS makes of an apply, tells it as it happens, and proves that the release serves. */
export async function watchRollout(options: WatchOptions, terminal: Terminal, say: Say): Promise<Outcome> {
  const { outputs, region, release, timeoutSeconds } = options
  const address = { url: outputs.alb_url, balancer: outputs.alb_dns_name, healthPath: outputs.health_check_path }
  const service = findDeployedService(region, outputs)
  const deadline = performance.now() + timeoutSeconds * 1000
  return service ? watchService(service, address, deadline, options, terminal, say) : watchApp(address, deadline, release, say)
}

async function watchService(service: DeployedService, address: AppAddress, deadline: number, options: WatchOptions, terminal: Terminal, say: Say): Promise<Outcome> {
  const { outputs, release, applied } = options
  const expected: Expected = { release, digests: new Set([release.digest]), taskDefinition: outputs.task_definition_arn, container: outputs.container_name }
  const watcher = observe(service, { taskDefinition: expected.taskDefinition })
  const tell = createTeller(options, terminal)
  const readPlatforms = createPlatformReader(options)
  const denied = stopwatch()
  const elsewhere = stopwatch()
  let failedLooks = 0
  if (!expected.taskDefinition) terminal.note('  Terraform has no output task_definition_arn: the newest deployment is taken for its own.')

  for (let looks = 1; ; looks++) {
    const [ecs, answers] = await Promise.all([watcher.look(), askInARow(address, expected)])
    expected.container ??= containerOf(ecs.service, undefined)
    await readPlatforms(ecs, expected)
    tell(ecs)
    options.onLook?.(ecs)
    const result = prove({ ecs, answers }, expected)
    // The first look after an apply may still show what was before.
    if ('proof' in result && !ecs.problem && (looks > 1 || !applied)) return served(result.proof, answers)
    const setup = { container: expected.container, healthPath: address.healthPath }
    const answer = answers.at(-1) as Answer
    const failure = findFailure(ecs, expected, setup, elsewhere(runsElsewhere(ecs, expected)) >= (applied ? settleSeconds : 0), service)
    if (failure) return { kind: 'failed', ...failure, answer }
    const missing = 'missing' in result ? result.missing : []
    const isOver = performance.now() >= deadline || denied(isDenied(ecs.problem?.cause)) >= deniedSeconds
    if (isOver) return ecs.problem ? unknown(ecs.problem, missing, answer, service) : tooLate(ecs, missing, setup, options, answer)
    say(missing[0] ?? 'once more')
    failedLooks = ecs.problem ? failedLooks + 1 : 0
    await pause(Math.min(longestPauseMilliseconds, pollMilliseconds * 2 ** failedLooks, deadline - performance.now()))
  }
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

/** What shows that the release will not serve, however long one waits. */
function findFailure(ecs: Observed, expected: Expected, setup: Setup, settledElsewhere: boolean, { cluster, service }: DeployedService) {
  const { own } = ecs
  const { release, taskDefinition = '' } = expected
  const what = `The new tasks with ${release.tag} do not serve.`
  if (settledElsewhere) {
    const last = own && own.status !== 'SUCCESSFUL' ? `its last deployment: ${own.status}${own.statusReason ? `: ${own.statusReason}` : ''}` : ''
    return {
      what: `ECS runs ${shortArn(ecs.service.taskDefinition)}, and not ${shortArn(taskDefinition)} as Terraform's state says.`,
      diagnosis: {
        cause: last || 'ECS has rolled back, or somebody else has deployed since.',
        fix: `To go on with what ECS runs, deploy that version with --tag. To try this one again: aws ecs update-service --cluster ${cluster} --service ${service} --task-definition ${shortArn(taskDefinition)}`,
      },
    }
  }
  if (hasEnded(ecs) && own?.status !== 'SUCCESSFUL' && !isTriedAgain(ecs)) return { what, diagnosis: diagnose(ecs, setup) }
  const digest = resolvedDigest(ecs, expected)
  if (own?.status !== 'SUCCESSFUL' || !digest || expected.digests.has(digest)) return undefined
  return {
    what,
    diagnosis: {
      cause: `The service's task definition leads to ${digest}, and ${release.tag} is ${release.digest}.`,
      fix: 'Let the task definition name the image by the variable image_digest, as infrastructure/variables.tf declares it; a tag is resolved once for each deployment.',
    },
  }
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

function tooLate(ecs: Observed, missing: string[], setup: Setup, { outputs, release, timeoutSeconds }: WatchOptions, answer: Answer): Outcome {
  const onlyApp = missing.every((each) => each.startsWith('app:'))
  const what = onlyApp ? `${outputs.alb_url} did not answer with ${release.tag} within ${timeoutSeconds} s.` : `The deployment of ${release.tag} is not complete after ${timeoutSeconds} s.`
  const { cause, fix } = diagnose(ecs, setup)
  const appFix = `ECS has deployed it: see that ${outputs.alb_url} leads to this load balancer and its listener to this service, and read the tasks' logs.`
  const diagnosis = { cause: [cause, ...missing.map((each) => `not proved: ${each}`)].join('\n'), fix: onlyApp ? appFix : `${fix} ECS goes on with the deployment.` }
  return { kind: 'failed', what, diagnosis, answer }
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

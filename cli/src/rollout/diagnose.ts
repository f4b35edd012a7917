import type { Observed, StoppedTask } from './observe.ts'
import { describeStop, failedContainer, shorten } from './timeline.ts'

/** Why new tasks do not serve, and what to do. */
export type Diagnosis = { cause: string; fix: string }

/** What a deployment's own settings are, to name them. */
export type Setup = {
  /** Name of the app's container, where it is known. */
  container: string | undefined
  healthPath: string
}

type Told = { who: string; isApp: boolean; healthCheck: string | undefined; healthPath: string }

/**
 * What to do about what AWS says, the most telling first.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
 */
const fixes: [RegExp, (told: Told) => string][] = [
  [
    /exec format error|does not contain descriptor matching platform/,
    () => 'The image is for another CPU than cpu_architecture says: build it with --platform linux/amd64 for X86_64, or linux/arm64 for ARM64.',
  ],
  [
    /CannotPull\w*: .*(?:not found|manifest unknown|does not exist)/,
    () => 'The image is not in ECR: run `fargate-ctl build`, and see that no lifecycle policy deletes images in use.',
  ],
  [
    /CannotPull\w*:/,
    () => 'The task cannot fetch its image: its subnets need a NAT gateway or endpoints for ECR and S3, and the execution role the permission to pull.',
  ],
  [
    /ResourceInitializationError: .*secret/,
    () => 'A secret or parameter that the task definition names does not exist, or the execution role may not read it.',
  ],
  [
    /log group does not exist|failed to validate logger args/,
    () => 'The log group that the task definition names does not exist, or the execution role may not write to it.',
  ],
  [/ResourceInitializationError:/, () => "The task could not be set up; most often its subnets have no way to AWS's APIs."],
  [/OutOfMemoryError/, ({ who }) => `Raise memory in infrastructure/input.auto.tfvars, or find what takes it in ${who}.`],
  [
    /EROFS|[Rr]ead-only file system/,
    () => "The container's root file system is read-only: write to /tmp, or mount a volume where the app writes.",
  ],
  [/Task failed container health checks/, fixHealthCheck],
  [
    /unhealthy in .*codes: \[\d+\]/,
    ({ healthPath }) =>
      `The load balancer gets another answer than 200 from ${healthPath}: ask ${healthPath} in the image and read the log, or set health_check_path in infrastructure/input.auto.tfvars to a path that answers 200.`,
  ],
  [
    /unhealthy in .*timed out/,
    ({ healthPath }) => `The load balancer gets no answer from ${healthPath} (health_check_path) in time: it must not wait for anything else.`,
  ],
  [
    /unhealthy in |Task failed ELB health checks/,
    ({ healthPath }) =>
      `The load balancer cannot get ${healthPath} (health_check_path): the app has to listen on 0.0.0.0 and container_port; one that starts slowly needs a longer health_check_grace_period_seconds.`,
  ],
  [/was unable to place a task/, () => 'AWS has no capacity for the task: give FARGATE a weight besides FARGATE_SPOT, add zones, or wait.'],
  [/exit code 0\b/, ({ who }) => `Ended without an error: ${who}. What an essential container starts has to keep running.`],
  [
    /Essential container in task exited/,
    ({ who }) => `Ended as it started or soon after: ${who}. Read its last lines above, and try it with \`npm run rehearse\`.`,
  ],
]
const unknown = 'Read above what ECS did, fix it, and deploy again.'

function fixHealthCheck({ who, isApp, healthCheck = 'its health check' }: Told): string {
  const where = isApp ? 'container_health_check in infrastructure/input.auto.tfvars' : 'it in the task definition'
  return `The health check of ${who} fails: \`${healthCheck}\`. Run that command in the image; if it is the wrong one, change ${where}; if the start takes long, give it more time.`
}

/** Tasks that made way for others say nothing about why. */
const madeWay = /^Scaling activity initiated by/

/** Reads from what was seen of a deployment why it does not get on. */
export function diagnose(seen: Observed, { container, healthPath }: Setup): Diagnosis {
  const { status = 'No deployment', statusReason } = seen.own ?? {}
  const stopped = seen.stopped.filter((each) => isOwn(each, seen) && !madeWay.test(each.task.stoppedReason ?? ''))
  const ends = stopped.flatMap((each) => [describeStop(each, container), ...each.log])
  // An event on an unhealthy target does not tell whose: it explains tasks that stopped for that, or that none has.
  const isTelling = (text: string) => !/is unhealthy in/.test(text) || stopped.length === 0 || ends.some((end) => /ELB health checks/.test(end))
  const events = seen.events.map(({ message }) => shorten(message)).filter(isTelling)
  const [pattern, fix] = fixes.find(([telling]) => [...events, ...ends].some((text) => telling.test(text))) ?? []
  const last = stopped.at(-1)
  const cause = [
    statusReason ? `${status}: ${statusReason}` : status,
    pattern && events.findLast((text) => pattern.test(text)),
    last && describeStop(last, container),
  ]
  return { cause: cause.filter(Boolean).join('\n'), fix: fix?.(tell(last, container, healthPath)) ?? unknown }
}

const isOwn = ({ task }: StoppedTask, { revision }: Observed) =>
  !task.taskDefinitionArn || !revision?.taskDefinition || task.taskDefinitionArn === revision.taskDefinition

function tell(last: StoppedTask | undefined, app: string | undefined, healthPath: string): Told {
  const name = last && failedContainer(last.task, app)?.name
  const isApp = !name || !app || name === app
  const [, ...command] = last?.healthCheck ?? []
  return { who: isApp ? 'the app' : `the container ${name}`, isApp, healthCheck: command.join(' ') || undefined, healthPath }
}

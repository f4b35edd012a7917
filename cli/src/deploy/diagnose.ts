import { newestOf, type Observed } from './observe.ts'
import { describeStop } from './timeline.ts'

/** Why new tasks do not serve, and what to do. */
export type Diagnosis = { cause: string; fix: string }

/**
 * What to do about what AWS says, the most telling first.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
 */
const fixes: [RegExp, string][] = [
  [
    /exec format error|does not contain descriptor matching platform/,
    'The image is for another CPU than cpu_architecture says: build it with --platform linux/amd64 for X86_64, or linux/arm64 for ARM64.',
  ],
  [
    /CannotPull\w*: .*(?:not found|manifest unknown|does not exist)/,
    'The image is not in ECR: run `fargate-ctl build`, and see that no lifecycle policy deletes images in use.',
  ],
  [
    /CannotPull\w*:/,
    'The task cannot fetch its image: its subnets need a NAT gateway or endpoints for ECR and S3, and the execution role the permission to pull.',
  ],
  [
    /ResourceInitializationError: .*secret/,
    'A secret or parameter that the task definition names does not exist, or the execution role may not read it.',
  ],
  [
    /log group does not exist|failed to validate logger args/,
    'The log group that the task definition names does not exist, or the execution role may not write to it.',
  ],
  [/ResourceInitializationError:/, "The task could not be set up; most often its subnets have no way to AWS's APIs."],
  [/OutOfMemoryError/, 'Raise memory in infrastructure/input.auto.tfvars, or find what takes it.'],
  [/EROFS|[Rr]ead-only file system/, "The container's root file system is read-only: write to /tmp, or mount a volume where the app writes."],
  [/Task failed container health checks/, "The container's own health check fails: run its command in the image, and see how long the app takes to start."],
  [
    /unhealthy in .*codes: \[\d+\]/,
    'The load balancer gets another answer than 200 on the health check path: ask /healthz in the image, and read the log.',
  ],
  [
    /unhealthy in .*timed out/,
    'The load balancer gets no answer on the health check path in time: /healthz must not wait for anything else.',
  ],
  [
    /unhealthy in |Task failed ELB health checks/,
    'The load balancer cannot connect: the app has to listen on 0.0.0.0 and container_port; one that starts slowly needs a longer health_check_grace_period_seconds.',
  ],
  [/was unable to place a task/, 'AWS has no capacity for the task: give FARGATE a weight besides FARGATE_SPOT, add zones, or wait.'],
  [/exit code 0\b/, 'The app ended without an error: what the image starts has to keep running.'],
  [/Essential container in task exited/, 'The app ended as it started or soon after: read its last lines above, and try it with `npm run rehearse`.'],
]
const unknown = 'Read above what ECS did, mend it, and deploy again.'

/** Tasks that made way for others say nothing about why. */
const madeWay = /^Scaling activity initiated by/

/** Reads from what was seen of a deployment why it does not get on. */
export function diagnose(seen: Observed): Diagnosis {
  const { status = 'NO_DEPLOYMENT', statusReason } = newestOf(seen) ?? {}
  const stopped = seen.stopped.filter(({ task }) => !madeWay.test(task.stoppedReason ?? ''))
  const said = [...seen.events.map(({ message }) => message), ...stopped.flatMap((each) => [describeStop(each), ...each.log])]
  const [, fix = unknown] = fixes.find(([pattern]) => said.some((text) => pattern.test(text))) ?? []
  const last = stopped.at(-1)
  const cause = [statusReason ? `${status}: ${statusReason}` : status, last && describeStop(last)].filter(Boolean).join('\n')
  return { cause, fix: status === 'ROLLBACK_SUCCESSFUL' ? `${fix} What served before still serves.` : fix }
}

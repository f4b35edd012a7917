import t from 'tap'
import { diagnose } from '../../src/deploy/diagnose.ts'
import type { Observed } from '../../src/deploy/observe.ts'
import { rolledBack, stoppedTask } from '../support/scenarios.ts'

type End = { reason?: string; exitCode?: number; container?: string; log?: string[]; event?: string }

/** A deployment that was rolled back after a task ended like this, and one of before made way. */
function seen({ reason = 'Essential container in task exited', exitCode, container, log = [], event }: End): Observed {
  const containers = [{ ...(exitCode === undefined ? {} : { exitCode }), ...(container ? { reason: container } : {}) }]
  const madeWay = { stoppedReason: 'Scaling activity initiated by (deployment ecs-svc/1)', containers: [{ exitCode: 0 }] }
  return {
    ...rolledBack,
    events: event ? [{ at: new Date(), message: event }] : [],
    stopped: [stoppedTask({ stoppedReason: reason, containers }, log), stoppedTask(madeWay)],
  }
}

const group = '(target-group arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/web-8080/0123456789abcdef)'
const unhealthy = (why: string): End => ({
  reason: `Task failed ELB health checks in ${group}`,
  event: `(service web) (port 8080) is unhealthy in ${group} due to (reason ${why}).`,
})

// The wording is that of https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
const cases: Record<string, [End, RegExp]> = {
  'another CPU': [{ exitCode: 1, log: ['exec /usr/local/bin/node: exec format error'] }, /--platform linux\/amd64 for X86_64/],
  'another platform in the registry': [
    { reason: "CannotPullContainerError: pull image manifest has been retried 1 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'" },
    /is for another CPU/,
  ],
  'no such image': [
    { reason: 'CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref web:v9: web:v9: not found' },
    /The image is not in ECR/,
  ],
  'no way to ECR': [
    { reason: 'CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open: dial tcp: i/o timeout' },
    /subnets need a NAT gateway/,
  ],
  'no such secret': [
    { reason: 'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: invalid parameters: /web/none' },
    /secret or parameter .* does not exist/,
  ],
  'no such log group': [
    { reason: 'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: ResourceNotFoundException: The specified log group does not exist: /ecs/none' },
    /log group .* does not exist/,
  ],
  'anything else before the start': [{ reason: 'ResourceInitializationError: failed to configure ENI' }, /no way to AWS's APIs/],
  'out of memory': [{ exitCode: 137, container: 'OutOfMemoryError: Container killed due to memory usage' }, /Raise memory/],
  'a read-only root': [{ exitCode: 1, log: ["Error: EROFS: read-only file system, open '/app/x'"] }, /write to \/tmp/],
  "the container's own check": [{ reason: 'Task failed container health checks' }, /own health check fails/],
  'another answer': [unhealthy('Health checks failed with these codes: [500]'), /another answer than 200/],
  'no answer in time': [unhealthy('Request timed out'), /no answer .* in time/],
  'nobody listens': [unhealthy('Health checks failed'), /listen on 0\.0\.0\.0/],
  'no capacity': [{ event: '(service web) was unable to place a task. Reason: Capacity is unavailable at this time.', reason: 'ended' }, /no capacity/],
  'ends by itself': [{ exitCode: 0 }, /has to keep running/],
  'ends with an error': [{ exitCode: 1 }, /read its last lines/],
  'something unheard of': [{ reason: 'The moon was full' }, /Read above what ECS did/],
}

for (const [name, [end, fix]] of Object.entries(cases)) {
  t.test(name, async (t) => {
    const diagnosis = diagnose(seen(end))
    t.match(diagnosis.fix, fix)
    t.match(diagnosis.fix, /What served before still serves\.$/)
    t.match(diagnosis.cause, /^ROLLBACK_SUCCESSFUL: ECS deployment circuit breaker: tasks failed to start\.\n/)
    t.ok(diagnosis.cause.includes(end.reason ?? 'Essential container in task exited'), 'what made way is not the cause')
  })
}

t.test('without an end, and without a stopped task', async (t) => {
  const diagnosis = diagnose({ service: {}, events: [], stopped: [], stopping: 0, deployments: [{ status: 'IN_PROGRESS' }] })
  t.strictSame(diagnosis, { cause: 'IN_PROGRESS', fix: 'Read above what ECS did, mend it, and deploy again.' })
})

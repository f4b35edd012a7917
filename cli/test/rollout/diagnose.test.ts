import t from 'tap'
import { diagnose } from '../../src/rollout/diagnose.ts'
import type { Observed, StoppedTask } from '../../src/rollout/observe.ts'
import { shorten } from '../../src/rollout/timeline.ts'
import { rolledBack, stoppedTask } from '../support/scenarios.ts'

const setup = { container: 'app', healthPath: '/up' }

type End = { reason?: string; exitCode?: number; container?: string; log?: string[]; event?: string }

/** A deployment that was rolled back after a task ended like this, and one of before made way. */
function seen({ reason = 'Essential container in task exited', exitCode, container, log = [], event }: End): Observed {
  const containers = [{ name: 'app', ...(exitCode === undefined ? {} : { exitCode }), ...(container ? { reason: container } : {}) }]
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
  "the container's own check": [{ reason: 'Task failed container health checks' }, /The health check of the app fails: .* container_health_check in infrastructure\/input\.auto\.tfvars/],
  'another answer': [unhealthy('Health checks failed with these codes: [500]'), /another answer than 200 from \/up.* health_check_path in infrastructure/],
  'no answer in time': [unhealthy('Request timed out'), /no answer from \/up .* in time/],
  'nobody listens': [unhealthy('Health checks failed'), /listen on 0\.0\.0\.0/],
  'no capacity': [{ event: '(service web) was unable to place a task. Reason: Capacity is unavailable at this time.', reason: 'ended' }, /no capacity/],
  'ends by itself': [{ exitCode: 0 }, /has to keep running/],
  'ends with an error': [{ exitCode: 1 }, /the app\. Read its last lines/],
  'something unheard of': [{ reason: 'The moon was full' }, /Read above what ECS did/],
}

for (const [name, [end, fix]] of Object.entries(cases)) {
  t.test(name, async (t) => {
    const diagnosis = diagnose(seen(end), setup)
    t.match(diagnosis.fix, fix)
    t.match(diagnosis.cause, /^ROLLBACK_SUCCESSFUL: ECS deployment circuit breaker: tasks failed to start\.\n/)
    t.ok(diagnosis.cause.includes(shorten(end.reason ?? 'Essential container in task exited')), 'what made way is not the cause')
  })
}

t.test('without an end, and without a stopped task', async (t) => {
  const diagnosis = diagnose({ ...rolledBack, events: [], stopped: [], own: { status: 'IN_PROGRESS' } }, setup)
  t.strictSame(diagnosis, { cause: 'IN_PROGRESS', fix: 'Read above what ECS did, fix it, and deploy again.' })
})

const stop = (stoppedReason: string, containers: StoppedTask['task']['containers'], more: Partial<StoppedTask> = {}): Observed => ({
  ...rolledBack,
  stopped: [{ ...stoppedTask({ stoppedReason, containers }), ...more }],
})

t.test('a sidecar that ends is named, not the app that was stopped with it', async (t) => {
  const containers = [{ name: 'proxy', exitCode: 2 }, { name: 'app', exitCode: 143 }]
  const { cause, fix } = diagnose(stop('Essential container in task exited', containers), setup)
  t.match(cause, 'exit code 2, container proxy')
  t.match(fix, 'the container proxy.')
})

t.test('a container that ran out of memory is named before one that ended with an error', async (t) => {
  const containers = [{ name: 'app', exitCode: 1 }, { name: 'agent', exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' }]
  t.match(diagnose(stop('Essential container in task exited', containers), setup).fix, /Raise memory .* in the container agent/)
})

t.test('a failing health check is told with its command', async (t) => {
  const healthCheck = ['CMD', '/usr/local/bin/node', '/app/healthcheck.js']
  const app = diagnose(stop('Task failed container health checks', [{ name: 'app', healthStatus: 'UNHEALTHY' }], { healthCheck }), setup)
  t.match(app.fix, '`/usr/local/bin/node /app/healthcheck.js`')
  const sidecar = diagnose(stop('Task failed container health checks', [{ name: 'app' }, { name: 'proxy', healthStatus: 'UNHEALTHY' }], { healthCheck }), setup)
  t.match(sidecar.fix, /the container proxy fails.* change it in the task definition/)
})

t.test('an unhealthy target is told with its answer, without an ARN and without exit code 0', async (t) => {
  const { cause } = diagnose(
    { ...seen(unhealthy('Health checks failed with these codes: [500]')), stopped: [stoppedTask({ stopCode: 'ServiceSchedulerInitiated', stoppedReason: `Task failed ELB health checks in ${group}`, containers: [{ name: 'app', exitCode: 0 }] })] },
    setup,
  )
  t.match(cause, /is unhealthy in \(target-group web-8080\) due to \(reason Health checks failed with these codes: \[500\]\)/)
  t.match(cause, 'Task failed ELB health checks in (target-group web-8080) (ServiceSchedulerInitiated)')
  t.notMatch(cause, /arn:|exit code/)
})

t.test("another task definition's tasks say nothing", async (t) => {
  const theirs = stoppedTask({ taskDefinitionArn: 'theirs', stoppedReason: 'CannotPullContainerError: v9: not found' })
  const own = stoppedTask({ taskDefinitionArn: 'own', stoppedReason: 'Essential container in task exited', containers: [{ name: 'app', exitCode: 1 }] })
  const { fix } = diagnose({ ...rolledBack, revision: { taskDefinition: 'own' }, stopped: [own, theirs] }, setup)
  t.match(fix, 'the app. Read its last lines')
})

import t from 'tap'
import { exitMeaning, type Setup } from '../../src/rollout/causes.ts'
import { diagnose, repeatedCause } from '../../src/rollout/diagnose.ts'
import type { Observed, StoppedTask } from '../../src/rollout/observe.ts'
import { rolledBack, stoppedTask } from '../support/scenarios.ts'

const places = new Map([
  ['memory', 'infrastructure/input.auto.tfvars:4'],
  ['container_port', 'infrastructure/variables.tf:172'],
  ['health_check_path', 'infrastructure/input.auto.tfvars:7'],
  ['container_health_check', 'infrastructure/input.auto.tfvars:9'],
])
const setup: Setup = { container: 'app', port: 8080, healthPath: '/up', gracePeriod: 30, places, region: 'eu-west-1', repository: 'web', tag: 'v9' }

type End = { reason?: string; exitCode?: number; container?: string; log?: string[]; event?: string; statusReason?: string; stopCode?: string }

/** A deployment that was rolled back after a task ended like this, and one of before made way. */
function seen({ reason = 'Essential container in task exited', exitCode, container, log = [], event, statusReason, stopCode }: End): Observed {
  const containers = [{ name: 'app', ...(exitCode === undefined ? {} : { exitCode }), ...(container ? { reason: container } : {}) }]
  const madeWay = { stoppedReason: 'Scaling activity initiated by (deployment ecs-svc/1)', containers: [{ exitCode: 0 }] }
  return {
    ...rolledBack,
    own: { ...rolledBack.own, ...(statusReason ? { statusReason } : {}) },
    events: event ? [{ at: new Date(), message: event }] : [],
    stopped: [stoppedTask({ stopCode: stopCode as 'UserInitiated' | undefined, stoppedReason: reason, containers }, log), stoppedTask(madeWay)],
  }
}

const group = '(target-group arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/web-8080/0123456789abcdef)'
const unhealthy = (why: string, log: string[] = []): End => ({
  reason: `Task failed ELB health checks in ${group}`,
  event: `(service web) (port 8080) is unhealthy in ${group} due to (reason ${why}).`,
  exitCode: 0,
  log,
})
const pull = (why: string): End => ({ reason: `CannotPullContainerError: ${why}` })
const init = (why: string): End => ({ reason: `ResourceInitializationError: ${why}` })
const ecr = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v9'

// AWS's words, from stopped-task-error-codes, task_cannot_pull_image, resource-initialization-error and
// service-event-messages-list of https://docs.aws.amazon.com/AmazonECS/latest/developerguide/
const cases: Record<string, [End, RegExp, RegExp]> = {
  'another CPU': [{ exitCode: 1, log: ['exec /usr/local/bin/node: exec format error'] }, /^The image is for another CPU/, /--platform linux\/amd64 for X86_64/],
  'another platform in the registry': [pull("pull image manifest has been retried 1 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'"), /another CPU/, /--platform/],
  'no such image': [pull(`pull image manifest has been retried 7 time(s): failed to resolve ref ${ecr}: ${ecr}: not found`), /^The image is not in ECR \(123456789012\.dkr.*web:v9\)/, /^fargate-ctl deploy --build/],
  'no such manifest': [pull('Error response from daemon: manifest for web:v9 not found: manifest unknown: Requested image not found'), /^The image is not in ECR/, /^fargate-ctl deploy --build/],
  'an archived image': [pull(`pull image manifest has been retried 1 time(s): failed to resolve ref ${ecr}: pulling from host failed with status code [manifests v9]: 403 Forbidden: image is archived`), /^ECR has archived the image/, /^aws ecr update-image-storage-class --repository-name web --image-id imageTag=v9 .*--region eu-west-1$/],
  'no permission to pull': [pull(`pull image manifest has been retried 1 time(s): failed to resolve ref ${ecr}: pulling from host failed with status code [manifests v9]: 403 Forbidden`), /execution role may not pull/, /ecr:BatchGetImage/],
  'no permission for the login': [init('unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/exec/1 is not authorized to perform: ecr:GetAuthorizationToken on resource: *'), /execution role may not pull/, /ecr:GetAuthorizationToken/],
  'a rate limit': [pull('inspect image has been retried 5 time(s): httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/: 429 Too Many Requests - toomanyrequests: You have reached your pull rate limit'), /limits how often/, /Copy the image into ECR/],
  'no route to ECR': [pull(`ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com/": dial tcp 52.0.0.1:443: i/o timeout`), /no way to ECR/, /NAT gateway, or VPC endpoints for ecr\.api, ecr\.dkr and S3/],
  'no route for the login': [init('unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. RequestError: send request failed caused by: Post "https://api.ecr.eu-west-1.amazonaws.com/": dial tcp 99.0.0.1:443: i/o timeout'), /no way to ECR/, /NAT gateway/],
  'a pull that fails otherwise': [pull('something new'), /^The image cannot be pulled: CannotPullContainerError: something new\.$/, /See that the image exists/],
  'a full disk': [pull('ref pull has been retried 1 time(s): failed to extract layer: write /var/lib/x: no space left on device'), /disk is full/, /ephemeral_storage/],
  'no such parameter': [init('unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid parameters: /web/none'), /does not exist \(\/web\/none\)/, /^Create it \(\/web\/none\)/],
  'no such secret': [init("unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:eu-west-1:1:secret:x from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret."), /secret or parameter .* does not exist/, /^Create it/],
  'no key in the secret': [init('unable to pull secrets or registry auth: retrieved secret from Secrets Manager did not contain json key PASSWORD'), /JSON key .*\(PASSWORD\)/, /Add the key/],
  'no permission for a secret': [init('unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): AccessDeniedException: User: arn:aws:sts::1:assumed-role/exec/1 is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:eu-west-1:1:secret:x'), /may not read a secret .*secret:x\)/, /secretsmanager:GetSecretValue/],
  'no route to the secrets': [init('unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 5 time(s): RequestCanceled: request context canceled caused by: context deadline exceeded'), /no way to Secrets Manager/, /endpoints for secretsmanager and ssm/],
  'no such log group': [init('failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: operation error CloudWatch Logs: CreateLogStream, ResourceNotFoundException: The specified log group does not exist: /ecs/none : exit status 1'), /log group .* does not exist/, /^aws logs create-log-group --log-group-name \/ecs\/none/],
  'no permission for the log': [init('failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: AccessDeniedException: User: arn:aws:sts::1:assumed-role/exec/1 is not authorized to perform: logs:CreateLogStream on resource: x'), /may not write the log/, /logs:CreateLogStream/],
  'no route to the log': [init('failed to validate logger args: The task cannot find the Amazon CloudWatch log group defined in the task definition. There is a connection issue between the task and Amazon CloudWatch. signal: killed'), /no way to CloudWatch Logs/, /endpoints for logs/],
  'EFS: no such path': [init("failed to invoke EFS utils commands to set up EFS volumes: stderr: b'mount.nfs4: mounting fs-1.efs.eu-west-1.amazonaws.com:/x failed, reason given by server: No such file or directory' : unsuccessful EFS utils command execution; code: 32"), /EFS .* the path does not exist/, /port 2049/],
  'EFS: its name': [init('failed to invoke EFS utils commands to set up EFS volumes: stderr: Failed to resolve "fs-1.efs.eu-west-1.amazonaws.com" - check that your file system ID is correct'), /EFS .* cannot be resolved/, /mount target in every zone/],
  'EFS: denied': [init("failed to invoke EFS utils commands to set up EFS volumes: stderr: b'mount.nfs4: access denied by server while mounting 127.0.0.1:/'"), /EFS .* access is denied/, /task role may mount/],
  'the network interface': [{ reason: 'Timeout waiting for network interface provisioning to complete.' }, /could not set the task up/, /Deploy again/],
  'no free address': [{ event: '(service web) was unable to place a task. Reason: There are not enough free addresses in subnet subnet-1 to satisfy the requested number of instances.', reason: 'ended' }, /no free IP address/, /larger subnets/],
  'anything else before the start': [init('failed to initialize'), /could not be set up: ResourceInitializationError: failed to initialize/, /no way to AWS's APIs/],
  'a role': [{ reason: "ECS was unable to assume the role 'arn:aws:iam::1:role/web' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions." }, /cannot assume the task's role \(arn:aws:iam::1:role\/web\)/, /ecs-tasks\.amazonaws\.com/],
  'the service-linked role': [{ event: '(service web) failed to launch a task with (error ECS was unable to assume the service linked role. Please verify that the ECS service linked role exists).', reason: 'ended' }, /service-linked role is missing/, /^aws iam create-service-linked-role --aws-service-name ecs\.amazonaws\.com$/],
  'the quota of vCPUs': [{ event: "(service web) was unable to place a task. Reason: You've reached the limit on the number of vCPUs you can run concurrently.", reason: 'ended' }, /quota of Fargate vCPUs/, /servicequotas/],
  'no capacity': [{ event: '(service web) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.', reason: 'ended' }, /no capacity/, /add zones/],
  'Spot': [{ stopCode: 'SpotInterruption', reason: 'Your Spot Task was interrupted.', exitCode: 143 }, /taken a Spot task back/, /fargate_weight/],
  'another reason not to place it': [{ event: '(service web) was unable to place a task. Reason: The moon was full.', reason: 'ended' }, /cannot place a task: The moon was full\.$/, /service-event-messages-list/],
  'out of memory': [{ exitCode: 137, container: 'OutOfMemoryError: Container killed due to memory usage' }, /The app needs more memory/, /^Raise memory at infrastructure\/input\.auto\.tfvars:4/],
  "out of the runtime's memory": [{ exitCode: 134, log: ['FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory'] }, /needs more memory/, /Raise memory/],
  'killed': [{ exitCode: 137 }, /was killed \(exit code 137\)/, /Raise memory/],
  'not ended in time': [{ exitCode: 137, stopCode: 'ServiceSchedulerInitiated', reason: 'Task stopped' }, /stop time-out/, /SIGTERM/],
  'a read-only root': [{ exitCode: 1, log: ["Error: EROFS: read-only file system, open '/app/x'"] }, /read-only \(\/app\/x\)/, /Write to \/tmp/],
  'no such command': [{ exitCode: 127, log: ['sh: nod: not found'] }, /not in the image \(exit code 127\)/, /Dockerfile/],
  'no such entry point': [{ container: 'CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: OCI runtime create failed: exec: "/app/run": stat /app/run: no such file or directory' , reason: 'Task failed to start' }, /could not be set up|not in the image/, /./],
  'a command that may not run': [{ exitCode: 126 }, /may not be executed/, /chmod=755/],
  'a port below 1024': [{ exitCode: 1, log: ['Error: listen EACCES: permission denied 0.0.0.0:80'] }, /may not listen on its port/, /container_port to 1024 or more in infrastructure\/input\.auto\.tfvars \(its default: infrastructure\/variables\.tf:172\)/],
  'a port that is taken': [{ exitCode: 1, log: ['Error: listen EADDRINUSE: address already in use :::8080'] }, /want the same port/, /share their ports/],
  "the container's own check": [{ reason: 'Task failed container health checks' }, /The health check of the app fails/, /container_health_check at infrastructure\/input\.auto\.tfvars:9/],
  'another answer': [unhealthy('Health checks failed with these codes: [500]'), /gets HTTP 500 from \/up, and not 200/, /health_check_path to a path that does at infrastructure\/input\.auto\.tfvars:7/],
  'no answer in time': [unhealthy('Request timed out'), /no answer from \/up in time/, /answer at once/],
  'nobody listens': [unhealthy('Health checks failed'), /cannot connect to the task on port 8080/, /listen on 0\.0\.0\.0/],
  'only on loopback': [unhealthy('Health checks failed', ['Server listening at http://127.0.0.1:8080']), /listens on 127\.0\.0\.1 alone/, /0\.0\.0\.0/],
  'another port': [unhealthy('Health checks failed', ['{"level":"info","message":"listening","port":9090}']), /listens on port 9090, and the load balancer asks port 8080/, /container_port to 9090/],
  'too late': [unhealthy('Health checks failed', ['Listening on 0.0.0.0:8080']), /not ready on port 8080 when the grace period of 30 s ended/, /health_check_grace_period_seconds/],
  'ends by itself': [{ exitCode: 0 }, /ended without an error \(exit code 0\)/, /foreground/],
  'ends with an error': [{ exitCode: 1, log: ['no database at db.internal'] }, /^The app ended with exit code 1 \(an error that the app met\): no database at db\.internal\.$/, /last lines below.*fargate-ctl deploy --build/],
  'a segmentation fault': [{ exitCode: 139 }, /exit code 139 \(SIGSEGV/, /npm run rehearse/],
  'ended by SIGTERM': [{ exitCode: 143 }, /exit code 143 \(SIGTERM/, /npm run rehearse/],
  'stopped by somebody': [{ stopCode: 'UserInitiated', reason: 'Task stopped by user' }, /Somebody stopped the task/, /CloudTrail/],
  'an alarm': [{ reason: 'Scaling activity initiated by (deployment ecs-svc/2)', statusReason: 'Service deployment rolled back because of an alarm: 5xx.', event: '(service web) (deployment ecs-svc/2) deployment failed: alarm detected.' }, /^A deployment alarm fired/, /what the alarm measures/],
  'a newer deployment': [{ reason: 'Scaling activity initiated by (deployment ecs-svc/2)', statusReason: 'Service deployment was stopped because a newer one was started.' }, /newer deployment/, /See what is deployed/],
}

for (const [name, [end, cause, fix]] of Object.entries(cases)) {
  t.test(name, async (t) => {
    const diagnosis = diagnose(seen(end), setup)
    t.match(diagnosis.cause, cause)
    t.match(diagnosis.fix, fix)
    t.match(diagnosis.cause, /^[^\n]+\.$/, 'one sentence on one line')
    t.ok(diagnosis.known)
  })
}

t.test('an unknown cause says that it is unknown, and shows its evidence', async (t) => {
  const { cause, fix, known, evidence } = diagnose(seen({ reason: 'The moon was full', log: ['{"level":"info"}'] }), setup)
  t.notOk(known)
  t.equal(cause, 'The cause is unknown; the last task stopped with: The moon was full.')
  t.match(fix, 'Read the evidence below')
  t.match(evidence, { status: 'ROLLBACK_SUCCESSFUL', stoppedReason: 'The moon was full', log: ['{"level":"info"}'], console: 'https://eu-west-1.console.aws.amazon.com/ecs/v2' })
})

t.test('the evidence: codes, the container, the tasks, the last 20 lines or why there are none', async (t) => {
  const log = Array.from({ length: 30 }, (_, index) => `line ${index}`)
  const crashed = diagnose(seen({ stopCode: 'EssentialContainerExited', exitCode: 3, log }), setup).evidence
  t.match(crashed, { stopCode: 'EssentialContainerExited', exitCode: 3, container: 'app', noLog: null })
  t.equal(crashed.tasks.length, 1, 'what made way is not among them')
  t.strictSame(crashed.log, log.slice(-20))
  t.match(diagnose(seen({ exitCode: 1 }), setup).evidence.noLog, 'could not be read')
  const { target, exitCode, stoppedReason } = diagnose(seen(unhealthy('Health checks failed with these codes: [500]')), setup).evidence
  t.equal(target, 'Target.ResponseCodeMismatch: Health checks failed with these codes: [500]')
  t.equal(exitCode, null, 'a task that is stopped for its health ends as it is asked to')
  t.equal(stoppedReason, 'Task failed ELB health checks in (target-group web-8080)')
  t.match(diagnose(seen(unhealthy('Request timed out')), setup).evidence.target, 'Target.Timeout')
})

t.test('the second task that ends of the same cause: only of what will end every other', async (t) => {
  const twice = (end: End, other = end): Observed => ({ ...seen(end), stopped: [...seen(end).stopped, ...seen(other).stopped] })
  t.equal(repeatedCause(twice({ exitCode: 3 }), setup)?.id, 'crashed')
  t.equal(repeatedCause(seen({ exitCode: 3 }), setup), undefined, 'once')
  t.equal(repeatedCause(twice({ exitCode: 3 }, { exitCode: 4 }), setup), undefined, 'of two causes')
  t.equal(repeatedCause(twice({ stopCode: 'SpotInterruption', reason: 'Your Spot Task was interrupted.' }), setup), undefined, 'it may pass')
  t.equal(repeatedCause(twice({ reason: 'The moon was full' }), setup), undefined, 'unknown')
})

t.test('what happened most is the cause', async (t) => {
  const ends = [{ exitCode: 3 }, { exitCode: 3 }, { exitCode: 137, container: 'OutOfMemoryError: Container killed due to memory usage' }]
  const { cause } = diagnose({ ...seen({}), stopped: ends.flatMap((end) => seen(end).stopped) }, setup)
  t.match(cause, 'exit code 3')
})

t.test('exit codes of signals are named', async (t) => {
  t.match(exitMeaning(137), 'SIGKILL')
  t.equal(exitMeaning(128 + 31), 'signal 31')
  t.equal(exitMeaning(42), undefined)
})

t.test('without an end, and without a stopped task', async (t) => {
  const { cause, known } = diagnose({ ...rolledBack, events: [], stopped: [], own: { status: 'IN_PROGRESS' } }, setup)
  t.equal(cause, 'The cause is unknown; the deployment is IN_PROGRESS and no task has failed.')
  t.notOk(known)
})

const stop = (stoppedReason: string, containers: StoppedTask['task']['containers'], more: Partial<StoppedTask> = {}): Observed => ({
  ...rolledBack,
  stopped: [{ ...stoppedTask({ stoppedReason, containers }), ...more }],
})

t.test('a sidecar that ends is named, not the app that was stopped with it', async (t) => {
  const containers = [{ name: 'proxy', exitCode: 2 }, { name: 'app', exitCode: 143 }]
  const { cause, fix } = diagnose(stop('Essential container in task exited', containers), setup)
  t.match(cause, /^The container proxy ended with exit code 2/)
  t.match(fix, 'deploy --build')
})

t.test('a container that ran out of memory is named before one that ended with an error', async (t) => {
  const containers = [{ name: 'app', exitCode: 1 }, { name: 'agent', exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' }]
  t.match(diagnose(stop('Essential container in task exited', containers), setup).cause, /^The container agent needs more memory/)
})

t.test('a failing health check is told with its command', async (t) => {
  const healthCheck = ['CMD', '/usr/local/bin/node', '/app/healthcheck.js']
  const app = diagnose(stop('Task failed container health checks', [{ name: 'app', healthStatus: 'UNHEALTHY' }], { healthCheck }), setup)
  t.match(app.cause, '(/usr/local/bin/node /app/healthcheck.js)')
  const sidecar = diagnose(stop('Task failed container health checks', [{ name: 'app' }, { name: 'proxy', healthStatus: 'UNHEALTHY' }], { healthCheck }), setup)
  t.match(sidecar, { cause: /the container proxy fails/, fix: /change it in the task definition/ })
})

t.test("another task definition's tasks say nothing", async (t) => {
  const theirs = stoppedTask({ taskDefinitionArn: 'theirs', stoppedReason: 'CannotPullContainerError: v9: not found' })
  const own = stoppedTask({ taskDefinitionArn: 'own', stoppedReason: 'Essential container in task exited', containers: [{ name: 'app', exitCode: 1 }] })
  const { cause } = diagnose({ ...rolledBack, revision: { taskDefinition: 'own' }, stopped: [own, theirs] }, setup)
  t.match(cause, 'The app ended with exit code 1')
})

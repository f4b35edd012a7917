// What ECS does with the deployment that an apply began, through the command.
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startCli, startCliOnTerminal } from '../../support/cli.ts'
import { deployScene, webapp } from '../../support/deploy-scene.ts'
import type { FakeAccount } from '../../support/fake-aws.ts'
import { containers, deployedService, digest, garbage, hour, now, otherDigest, refusal, taskDefinition, type FakeService } from '../../support/fake-service.ts'

type Scene = Parameters<typeof deployScene>[1]
const scene = (t: Test, at: (look: number) => Partial<FakeService>, more: Scene = {}, answers: FakeAccount['answers'] = {}) =>
  deployScene(t, { ...more, account: { ...webapp, ...more.account, answers: { ...deployedService(at), ...answers } } })

const approved = ['--tag', 'v1', '--auto-approve', '--json', '--timeout', '60']
const briefly = ['--tag', 'v1', '--auto-approve', '--json', '--timeout', '4']
const unchanged = { FAKE_PLAN: '{}' }
const old = { version: '1.0.0', imageTag: 'v0', imageDigest: otherDigest }

const inProgress = { deployments: [{ name: 2, status: 'IN_PROGRESS' }], rolloutState: 'IN_PROGRESS', left: 2 }
const crashed = { stopCode: 'EssentialContainerExited', stoppedReason: 'Essential container in task exited', containers: [{ name: 'app', exitCode: 3 }] }
const rolledBack: Partial<FakeService> = {
  runs: taskDefinition(1),
  deployments: [{ name: 2, status: 'ROLLBACK_SUCCESSFUL', statusReason: 'ECS deployment circuit breaker: tasks failed to start.' }],
  running: [{ taskDefinition: taskDefinition(1), containers: containers(otherDigest) }],
  stopped: [crashed],
  events: ['has started 2 tasks: (task 1) (task 2).'],
}
/** Only a setting has changed: the old tasks run the same image, and the app answers as it should all the time. */
const settingsRolledBack = { ...rolledBack, running: [{ taskDefinition: taskDefinition(1), containers: containers() }] }
const logs = { GetLogEvents: { events: [{ message: '{"level":"info"}' }, { message: 'no database at db.internal' }] } }

t.test('the proof: the deployment succeeded, its revision, every task and the app are of this digest', async (t) => {
  const { deploy } = await scene(t, (look) => (look < 3 ? inProgress : {}))
  const { exitCode, stdout, stderr } = await deploy(approved)
  t.equal(exitCode, 0, stderr)
  t.match(JSON.parse(stdout).proof, { deployment: /service-deployment\/webapp-dev\/webapp\/2$/, taskDefinition: taskDefinition(2), digest, tasks: 2, app: { shows: 'digest', answer: `v1 (version 1.2.3, ${digest})` } })
})

t.test('while ECS says IN_PROGRESS it is not done, although the app answers', async (t) => {
  const { deploy } = await scene(t, () => inProgress)
  const { exitCode, stderr, stdout } = await deploy(briefly)
  t.equal(exitCode, 5)
  t.equal(stdout, '')
  t.match(stderr, /^FAILED after \d+ s: The cause is unknown; the deployment is IN_PROGRESS and no task has failed\.$/m)
  t.match(stderr, 'not proved  ECS: the deployment of webapp:2 is IN_PROGRESS; it is not complete')
  t.match(stderr, 'gave up     nobody: the time-out of 4 s (--timeout) is over, and ECS goes on with the deployment.')
  t.match(stderr, `Serving: v1 (version 1.2.3, ${digest}) on 2 of 2 healthy tasks`)
})

t.test('a rollback fails long before the timeout, with the reason, the last log line and what serves now', async (t) => {
  const { deploy } = await scene(t, () => rolledBack, { served: old }, logs)
  const { exitCode, stderr } = await deploy(approved)
  t.equal(exitCode, 5, stderr)
  t.match(stderr, / event {7}has started 2 tasks/)
  t.match(stderr, /task 55555555 stopped: Essential container in task exited \(EssentialContainerExited, exit code 3\); log: no database at db\.internal/)
  const [first, second, third] = stderr.slice(stderr.indexOf('FAILED')).split('\n')
  t.match(first, /^FAILED after \d+ s: The app ended with exit code 3: no database at db\.internal\.$/)
  t.match(second, /^Do: Read its last lines below, correct the app, and run: fargate-ctl deploy --build$/)
  t.equal(third, `Serving: v0 (version 1.0.0, ${otherDigest}) on 1 of 2 healthy tasks; Terraform's state says webapp:2, ECS runs webapp:1`)
  t.match(stderr, 'deployment  2 ROLLBACK_SUCCESSFUL: ECS deployment circuit breaker: tasks failed to start.')
  t.match(stderr, "gave up     ECS's circuit breaker.")
  t.match(stderr, /stop code {3}EssentialContainerExited\n.*exit code {3}3\n {2}container {3}app\n {2}tasks {7}1 ended like this: 55555555/s)
  t.match(stderr, /last lines of the log:\n {4}\{"level":"info"\}\n {4}no database at db\.internal\n {2}events:\n {4}has started 2 tasks/)
  t.match(stderr, 'https://eu-central-1.console.aws.amazon.com/ecs/v2/clusters/webapp-dev/services/webapp/deployments?region=eu-central-1')
})

t.test('where only settings change and ECS rolls them back, that is no success', async (t) => {
  const { deploy } = await scene(t, (look) => (look < 3 ? inProgress : settingsRolledBack))
  const { exitCode, stderr } = await deploy(approved)
  t.equal(exitCode, 5, stderr)
  t.match(stderr, 'deployment  2 ROLLBACK_SUCCESSFUL')
})

/** Each for two looks: what the SDK tries four times itself takes more calls. */
const failures: [string, object, number][] = [
  ['throttled', refusal('ThrottlingException'), 8],
  ['a 500', refusal('ServerException', 500), 8],
  ['a 403', refusal('AccessDeniedException'), 2],
  ['garbage', garbage, 2],
]
for (const [name, failure, calls] of failures) {
  t.test(`${name}: said once, asked again, and a rollback is seen all the same`, async (t) => {
    const service = deployedService((look) => (look < 2 ? inProgress : settingsRolledBack))
    const first = (action: string) => (call: number, input: object) => (call <= calls ? failure : (service[action] as (...given: unknown[]) => object)(call, input))
    const answers = { DescribeServices: first('DescribeServices') }
    const { deploy } = await scene(t, (look) => (look < 2 ? inProgress : settingsRolledBack), {}, answers)
    const { exitCode, stderr } = await deploy(approved)
    t.equal(exitCode, 5, stderr)
    t.match(stderr, 'deployment  2 ROLLBACK_SUCCESSFUL')
    t.equal(stderr.match(/warning: .* It is asked again\./g)?.length, 1, stderr)
  })
}

t.test('what cannot be watched is never called done', async (t) => {
  const cases: [string, object, number, RegExp][] = [
    ['DescribeServiceDeployments', refusal('AccessDeniedException'), 4, /fix: Ask for the permission ecs:DescribeServiceDeployments, or/],
    ['DescribeServiceRevisions', refusal('AccessDeniedException', 403), 4, /Ask for the permission ecs:DescribeServiceRevisions/],
    ['DescribeServices', refusal('AccessDeniedException'), 4, /Ask for the permission ecs:DescribeServices/],
    ['DescribeTasks', refusal('AccessDeniedException'), 4, /Ask for the permission ecs:DescribeTasks/],
    ['ListTasks', refusal('ServerException', 500), 5, /See what ECS did: aws ecs describe-services --cluster webapp-dev --services webapp/],
    ['ListServiceDeployments', refusal('ThrottlingException'), 5, /Too many calls were made in this account/],
    ['DescribeServices', garbage, 5, /Could not read the service webapp/],
    ['DescribeServices', { services: [] }, 5, /The ECS service webapp does not exist in the cluster webapp-dev/],
  ]
  for (const [action, answer, exit, says] of cases) {
    await t.test(`${action} ${JSON.stringify(answer)}`, async (t) => {
      const { deploy } = await scene(t, () => ({}), {}, { [action]: answer })
      const { exitCode, stderr, stdout } = await deploy(briefly)
      t.equal(exitCode, exit, stderr)
      t.match(stderr, 'Terraform has applied, but it is not known whether v1 serves.')
      t.match(stderr, says)
      t.notMatch(stderr, 'bug of its own')
      t.equal(stdout, '')
    })
  }
})

t.test('the clock of this machine does not matter', async (t) => {
  for (const hours of [-3, 3]) {
    const began = now + hours * hour
    const bad = await scene(t, (look) => ({ began, ...(look < 2 ? inProgress : settingsRolledBack) }))
    t.equal((await bad.deploy(approved)).exitCode, 5, `${hours} h: rolled back`)
    const good = await scene(t, (look) => ({ began, ...(look < 2 ? inProgress : {}) }))
    t.equal((await good.deploy(approved)).exitCode, 0, `${hours} h: served`)
  }
})

t.test("somebody else's deployment that failed just before says nothing about this one", async (t) => {
  const theirs = { name: 1, taskDefinition: taskDefinition(1), status: 'ROLLBACK_SUCCESSFUL', statusReason: 'theirs' }
  const theirStop = { taskDefinition: taskDefinition(1), stoppedReason: 'CannotPullContainerError: v9: not found' }
  const failed = { ...rolledBack, deployments: [theirs, ...(rolledBack.deployments ?? [])], stopped: [crashed, theirStop] }
  const bad = await (await scene(t, () => failed, { served: old })).deploy(approved)
  t.match(bad.stderr, 'FAILED after')
  t.notMatch(bad.stderr.split('FAILED')[1] ?? '', 'CannotPull')
  const good = await scene(t, () => ({ deployments: [theirs, { name: 2, status: 'SUCCESSFUL' }], stopped: [theirStop] }))
  t.equal((await good.deploy(approved)).exitCode, 0)
})

t.test('every moment is told once, in the order in which it happened', async (t) => {
  const { deploy } = await scene(t, (look) => ({ ...(look < 3 ? inProgress : {}), stopped: [crashed], events: ['has started 2 tasks'] }))
  const { stderr } = await deploy(approved)
  const lines = stderr.split('\n').filter((line) => /^ *\+[\d.]+ s {2}/.test(line)).map((line) => line.trim().split(/ {2,}/)[1])
  t.strictSame(lines.filter((kind) => kind !== 'tasks' && kind !== 'serves'), ['event', 'task', 'deployment'])
})

t.test('a deployment that is not listed yet, and one of the same task definition that failed before, are waited out', async (t) => {
  const failedBefore = { name: 1, status: 'ROLLBACK_SUCCESSFUL' }
  const first = await scene(t, (look) => (look < 3 ? { ...inProgress, deployments: [] } : {}))
  t.equal((await first.deploy(approved)).exitCode, 0)
  const again = await scene(t, (look) => (look < 3 ? { ...inProgress, deployments: [failedBefore] } : { deployments: [failedBefore, { name: 2, status: 'SUCCESSFUL' }] }))
  t.equal((await again.deploy(approved)).exitCode, 0)
})

t.test('a sidecar first in the task is not taken for the app', async (t) => {
  const sidecar = { name: 'aws-guardduty-agent', imageDigest: otherDigest }
  const images = [{ containerName: 'aws-guardduty-agent', imageDigest: otherDigest }, { containerName: 'app', imageDigest: digest }]
  const good = await scene(t, () => ({ running: [{ containers: containers(digest, [sidecar]) }], deployments: [{ name: 2, status: 'SUCCESSFUL', images }] }))
  const { exitCode, stderr } = await good.deploy(approved)
  t.equal(exitCode, 0, stderr)
  const bad = await scene(t, () => ({ running: [{ containers: containers(otherDigest, [{ name: 'proxy', imageDigest: digest }]) }] }))
  t.match(await bad.deploy(briefly), { exitCode: 5, stderr: new RegExp(`not proved  tasks: task 11111111 runs ${otherDigest} in the container app`) })
})

t.test('a task of another task definition is no proof', async (t) => {
  const { deploy } = await scene(t, () => ({ running: [{ containers: containers() }, { containers: containers(), taskDefinition: taskDefinition(1) }] }))
  t.match(await deploy(briefly), { exitCode: 5, stderr: /not proved {2}tasks: task 22222222 is of webapp:1/ })
})

t.test('a tag that ECS resolved to other content fails at once', async (t) => {
  const { deploy } = await scene(t, () => ({ deployments: [{ name: 2, status: 'SUCCESSFUL', images: [{ containerName: 'app', image: 'webapp:v1', imageDigest: otherDigest }] }] }))
  const { exitCode, stderr } = await deploy(approved)
  t.equal(exitCode, 5)
  t.match(stderr, `: The service's task definition leads to ${otherDigest}, and v1 is ${digest}.`)
})

t.test("an index is proved by its platform's digest", async (t) => {
  const account = { repositories: { webapp: { immutable: true, images: { v1: { digest, platforms: [otherDigest] } } } } }
  const images = [{ containerName: 'app', imageDigest: otherDigest }]
  const served = { version: '1.2.3', imageTag: 'v1', imageDigest: otherDigest }
  const { deploy } = await scene(t, () => ({ deployments: [{ name: 2, status: 'SUCCESSFUL', images }], running: [{ containers: containers(otherDigest) }] }), { account, served })
  const { exitCode, stdout, stderr } = await deploy(approved)
  t.equal(exitCode, 0, stderr)
  t.equal(JSON.parse(stdout).proof.digest, otherDigest)
})

t.test('an app without /version is proved by ECS and its health path, and the summary says so', async (t) => {
  for (const other of [{ status: 404, body: 'no' }, { status: 200, body: '<html>' }, { status: 200, body: '[]' }, { status: 401, body: '' }]) {
    const served = (path: string) => (path === '/up' ? { status: 204, body: '' } : other)
    const { deploy } = await scene(t, () => ({}), { served })
    const { exitCode, stdout, stderr } = await deploy(['--tag', 'v1', '--auto-approve'], { FAKE_OUTPUTS: '{"health_check_path":"/up"}' })
    t.equal(exitCode, 0, stderr)
    t.match(stdout, 'the app answered three times in a row (HTTP 204 on /up, and no /version), which tells no version')
  }
  const sick = await scene(t, () => ({}), { served: () => ({ status: 404, body: '' }) })
  t.match(await sick.deploy(briefly), { exitCode: 5, stderr: /not proved {2}app: HTTP 404 on \/healthz, and no \/version/ })
})

t.test('an app whose /version names no digest is compared by what it names', async (t) => {
  const tagged = await scene(t, () => ({}), { served: { imageTag: 'v1', imageDigest: null } })
  t.match(await tagged.deploy(['--tag', 'v1', '--auto-approve']), { exitCode: 0, stdout: /three times in a row with its tag; its \/version names no digest/ })
  const wrong = await scene(t, () => ({}), { served: { imageTag: 'v0' } })
  t.match(await wrong.deploy(briefly), { exitCode: 5, stderr: /not proved {2}app: v0 answers/ })
})

t.test('without changes: proved at the first look; a rollback by ECS is named', async (t) => {
  const { deploy, aws } = await scene(t, () => ({}))
  t.equal((await deploy(approved, unchanged)).exitCode, 0)
  t.equal(aws.calls.filter((call) => call === 'ecs DescribeServices').length, 2, 'once beside the plan, once for the proof')
  const back = await scene(t, () => settingsRolledBack)
  const { exitCode, stderr } = await back.deploy(approved, unchanged)
  t.equal(exitCode, 5)
  t.match(stderr, "ECS runs webapp:1, and not webapp:2 as Terraform's state says.")
  t.match(stderr, 'its last deployment: ROLLBACK_SUCCESSFUL')
})

t.test('a service that AWS has forgotten the deployments of is proved by its present revision', async (t) => {
  const current = { currentServiceRevisions: [{ arn: 'current' }], taskDefinition: taskDefinition(2), deployments: [{ status: 'PRIMARY', rolloutState: 'COMPLETED' }] }
  const revision = { serviceRevisionArn: 'current', taskDefinition: taskDefinition(2), containerImages: [{ containerName: 'app', imageDigest: digest }] }
  const { deploy } = await scene(t, () => ({ deployments: [] }), {}, { DescribeServices: { services: [current] }, DescribeServiceRevisions: { serviceRevisions: [revision] } })
  const { exitCode, stdout, stderr } = await deploy(approved, unchanged)
  t.equal(exitCode, 0, stderr)
  t.equal(JSON.parse(stdout).proof.deployment, null)
})

t.test("other people's outputs: what cannot be proved is said", async (t) => {
  const none = await scene(t, () => ({}))
  const { exitCode, stderr } = await none.deploy(approved, { FAKE_NO_SERVICE: 'yes' })
  t.equal(exitCode, 4)
  t.match(stderr, /Terraform's outputs name no ECS service.*fix: Let infrastructure\/outputs\.tf give service_arn/s)
  t.notOk(none.aws.calls.some((call) => call.startsWith('ecs ')))
  const older = await scene(t, () => ({}))
  t.equal((await older.deploy(approved, { FAKE_OUTPUTS: '{"service_arn":null,"task_definition_arn":null,"log_group_name":5}' })).exitCode, 0)
})

t.test('logs that may not be read do not hide the rest', async (t) => {
  const { deploy } = await scene(t, () => rolledBack, { served: 'nothing' }, { GetLogEvents: refusal('AccessDeniedException'), DescribeTaskDefinition: refusal('AccessDeniedException') })
  const { exitCode, stderr } = await deploy(approved)
  t.equal(exitCode, 5)
  t.match(stderr, /stopped: Essential container in task exited \(EssentialContainerExited, exit code 3\)$/m)
  t.match(stderr, /log {9}AWS does not allow this identity to read the log group \/aws\/ecs\/webapp\/app\. Ask for the permission logs:GetLogEvents/)
})

const twice = { ...inProgress, stopped: [crashed, crashed] }

t.test('the second task that ends of the same cause ends the deployment: it is stopped, and the old version serves again', async (t) => {
  const service = deployedService((look) => (look < 3 ? twice : { ...rolledBack, stopped: [crashed, crashed] }))
  const { deploy, aws } = await deployScene(t, { served: old, account: { ...webapp, answers: { ...service, ...logs } } })
  const { exitCode, stderr } = await deploy(approved)
  t.equal(exitCode, 5, stderr)
  t.equal(aws.calls.filter((call) => call === 'ecs StopServiceDeployment').length, 1)
  t.match(stderr, /FAILED after \d+ s: The app ended with exit code 3: no database/)
  t.match(stderr, 'gave up     fargate-ctl, at the second identical cause')
  t.match(stderr, 'tasks       2 ended like this')
})

t.test('--keep-trying and a missing permission leave it to ECS; the first deployment has nothing to go back to', async (t) => {
  const patient = await scene(t, (look) => (look < 3 ? twice : rolledBack))
  t.match((await patient.deploy([...approved, '--keep-trying'])).stderr, "gave up     ECS's circuit breaker")
  t.notOk(patient.aws.calls.includes('ecs StopServiceDeployment'))
  const refused = await scene(t, (look) => (look < 3 ? twice : rolledBack), {}, { StopServiceDeployment: refusal('AccessDeniedException') })
  t.match((await refused.deploy(approved)).stderr, /warning: .*Ask for the permission ecs:StopServiceDeployment.*ECS decides when to give up.*gave up {5}ECS's circuit breaker/s)
  const first = await scene(t, () => ({ ...twice, deployments: [{ name: 2, status: 'IN_PROGRESS', sources: [] }] }), { served: 'down' })
  const { stderr } = await first.deploy(approved)
  t.match(stderr, /Serving: nothing that answers \(HTTP 503 on \/version\).*gave up {5}fargate-ctl, .*first deployment: there is nothing to go back to/s)
  t.notOk(first.aws.calls.includes('ecs StopServiceDeployment'))
})

t.test('a crash after the deployment was successful is a failure of its own kind', async (t) => {
  const { deploy } = await scene(t, (look) => (look < 4 ? {} : { stopped: [crashed] }), {}, logs)
  const { exitCode, stderr, stdout } = await deploy([...approved, '--bake', '30'])
  t.equal(exitCode, 5, stderr)
  t.equal(stdout, '')
  t.match(stderr, /FAILED after \d+ s: Crashed after it was successful: The app ended with exit code 3: no database/)
  t.match(stderr, 'gave up     nobody: ECS rolls nothing back that it has called successful.')
})

t.test('what makes way while it is watched for a crash is none', async (t) => {
  const scaledIn = { stopCode: 'ServiceSchedulerInitiated', stoppedReason: 'Scaling activity initiated by (deployment ecs-svc/2)', containers: [{ name: 'app', exitCode: 0 }] }
  const { deploy } = await scene(t, (look) => (look < 3 ? {} : { stopped: [scaledIn] }))
  t.equal((await deploy([...approved, '--bake', '3'])).exitCode, 0)
})

t.test('the fix names the line of the input, which GitHub shows the error at', async (t) => {
  const killed = { ...crashed, containers: [{ name: 'app', exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' }] }
  const files = { 'infrastructure/input.auto.tfvars': 'region = "eu-central-1"\nenv    = "dev"\nmemory = 512\n', 'infrastructure/more.tf': 'variable "memory" {\n  type = number\n}\n' }
  const { deploy } = await scene(t, () => ({ ...rolledBack, stopped: [killed] }), { files })
  const { stderr } = await deploy(approved, { GITHUB_ACTIONS: 'true' })
  t.match(stderr, /^Do: Raise memory at infrastructure\/input\.auto\.tfvars:3, or find what takes it\.$/m)
  t.match(stderr, /^::error file=infrastructure\/input\.auto\.tfvars,line=3::The app needs more memory than it has\. Raise memory/m)
})

/** Watched long enough for a few looks. */
const seldom = (look: number) => (look < 3 ? { ...inProgress, events: ['has started 2 tasks'] } : {})

t.test('on a terminal one view stands in one place and makes way for the result', async (t) => {
  const { options } = await scene(t, seldom)
  const { exitCode, stdout } = await startCliOnTerminal(['deploy', '--tag', 'v1', '--auto-approve'], options()).ended
  t.equal(exitCode, 0, stdout)
  t.match(stdout, /webapp-dev {2}eu-central-1 {2}account 123456789012 {2}\d+ min \d+ s left/)
  t.match(stdout, /news {5}.* ago: has started 2 tasks/)
  t.notMatch(stdout, /\+[\d.]+ s {2}event/, 'no lines besides')
  const end = stdout.slice(stdout.lastIndexOf('Wait for the proof'))
  t.match(end, /^Wait for the proof that it serves \d+\.\d s\r\n.*answers with version 1\.2\.3/s)
})

t.test('a terminal that can do next to nothing gets lines, and none of Unicode', async (t) => {
  for (const env of [{ TERM: 'dumb' }, { LC_ALL: 'C' }]) {
    const { options } = await scene(t, seldom)
    const { exitCode, stdout } = await startCliOnTerminal(['deploy', '--tag', 'v1', '--auto-approve'], options(env)).ended
    t.equal(exitCode, 0, stdout)
    t.notMatch(stdout, /[^\0-\x7F]/)
    if (env.TERM) t.match(stdout, /\+ terraform apply.*\+[\d.]+ s {2}tasks {7}new v1: 0 of 0 running/s)
  }
})

t.test('on GitHub each stage that says something is a group', async (t) => {
  const { deploy } = await scene(t, seldom)
  const { stderr } = await deploy(approved, { GITHUB_ACTIONS: 'true', CI: 'true' })
  const lines = stderr.split('\n')
  const [from, to] = [lines.indexOf('::group::Wait for the proof that it serves'), lines.indexOf('::endgroup::')]
  t.ok(from > 0 && to > from, stderr)
  t.match(lines.slice(from, to).join('\n'), /event {7}has started 2 tasks/)
  t.match(lines[to + 1], /^✔ Wait for the proof that it serves/)
  t.equal(lines.filter((line) => line.startsWith('::group::')).length, 1, 'what says nothing is none')
})

t.test('an interrupt while watching ends with 130 and says that ECS goes on', async (t) => {
  const { options } = await scene(t, () => ({ ...inProgress, events: ['has started 2 tasks'] }))
  const { child, ended, stderr } = startCli(['deploy', ...approved], options())
  while (!stderr().includes('has started 2 tasks')) await sleep(50)
  child.kill('SIGINT')
  const result = await ended
  t.equal(result.exitCode, 130)
  t.match(result.stderr, 'Interrupted by SIGINT. Terraform has applied, and ECS goes on with the deployment.')
})

t.jobs = 4

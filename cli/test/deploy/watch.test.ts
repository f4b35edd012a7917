// What ECS does with the deployment that an apply began, through the command.
import t, { type Test } from 'tap'
import { deployScene, webapp } from '../support/deploy-scene.ts'
import type { FakeAccount } from '../support/fake-aws.ts'

const cluster = 'arn:aws:ecs:eu-central-1:123456789012:cluster/webapp-dev'
const taskArn = 'arn:aws:ecs:eu-central-1:123456789012:task/webapp-dev/0123456789abcdef0123456789abcdef'
const deploymentArn = 'arn:aws:ecs:eu-central-1:123456789012:service-deployment/webapp-dev/webapp/1'
/** Epoch seconds: what happens here begins after the command has. */
const soon = Math.round(Date.now() / 1000) + 60

type Deployment = { status: string; statusReason?: string; finishedAt?: number }

/** A service whose newest deployment is this at the n-th look, beside tasks of before and after it. */
function rollout(deploymentAt: (look: number) => Deployment, oldTasksAt: (look: number) => number = () => 0): FakeAccount['answers'] {
  return {
    DescribeServices: (look) => ({
      services: [
        {
          serviceName: 'webapp',
          desiredCount: 2,
          deployments: [
            { id: 'ecs-svc/2', status: 'PRIMARY', createdAt: soon, desiredCount: 2, runningCount: 2 },
            { id: 'ecs-svc/1', status: 'ACTIVE', createdAt: 1, desiredCount: 0, runningCount: oldTasksAt(look) },
          ],
          events: [{ id: 'e1', createdAt: soon, message: '(service webapp) has started 2 tasks: (task 1) (task 2).' }],
        },
      ],
    }),
    ListServiceDeployments: { serviceDeployments: [{ serviceDeploymentArn: deploymentArn, clusterArn: cluster }] },
    DescribeServiceDeployments: (look) => ({ serviceDeployments: [{ serviceDeploymentArn: deploymentArn, createdAt: soon, ...deploymentAt(look) }] }),
  }
}

const stoppedTask = (): FakeAccount['answers'] => ({
  ListTasks: { taskArns: [taskArn] },
  DescribeTasks: {
    tasks: [
      {
        taskArn,
        lastStatus: 'STOPPED',
        stoppingAt: soon + 1,
        stoppedAt: soon + 2,
        stopCode: 'EssentialContainerExited',
        stoppedReason: 'Essential container in task exited',
        containers: [{ name: 'app', exitCode: 3 }],
      },
    ],
  },
  GetLogEvents: { events: [{ message: '{"level":"info"}' }, { message: 'no database at db.internal' }] },
})

const scene = (t: Test, answers: FakeAccount['answers'], more: Parameters<typeof deployScene>[1] = {}) =>
  deployScene(t, { ...more, account: { ...webapp, answers } })
const approved = ['--tag', 'v1', '--auto-approve', '--timeout', '60']
const successful = { status: 'SUCCESSFUL', finishedAt: soon + 3 }
const inProgress = { status: 'IN_PROGRESS' }
const rolledBack = { status: 'ROLLBACK_SUCCESSFUL', statusReason: 'ECS deployment circuit breaker: tasks failed to start.', finishedAt: soon + 3 }

t.test('a deployment that is rolled back fails long before the timeout, with the reason and the last log line', async (t) => {
  const { deploy } = await scene(t, { ...rollout(() => rolledBack), ...stoppedTask() }, { served: { version: '1.0.0', imageTag: 'v0' } })
  const { exitCode, stderr } = await deploy(approved)
  t.equal(exitCode, 5, stderr)
  t.match(stderr, / event {7}has started 2 tasks/)
  t.match(stderr, /task 01234567 stopped: Essential container in task exited \(EssentialContainerExited, exit code 3\); log: no database at db\.internal/)
  t.match(stderr, 'The new tasks with v1 do not serve.')
  t.match(stderr, 'cause: ROLLBACK_SUCCESSFUL: ECS deployment circuit breaker: tasks failed to start.')
  t.match(stderr, 'fix: The app ended as it started or soon after')
})

t.test('where only settings change the app answers at once, and the old tasks are waited for', async (t) => {
  const { deploy, aws } = await scene(t, rollout(() => inProgress, (look) => (look < 3 ? 2 : 0)))
  const { exitCode, stderr } = await deploy(approved)
  t.equal(exitCode, 0, stderr)
  t.equal(aws.calls.filter((call) => call === 'ecs DescribeServices').length, 3)
})

t.test('where only settings change and ECS rolls them back, that is no success', async (t) => {
  const { deploy } = await scene(t, rollout((look) => (look < 2 ? inProgress : rolledBack), () => 2))
  const { exitCode, stderr } = await deploy(approved)
  t.equal(exitCode, 5, stderr)
  t.match(stderr, 'cause: ROLLBACK_SUCCESSFUL')
})

t.test('every moment is told once, in the order in which it happened', async (t) => {
  const { deploy } = await scene(t, { ...rollout((look) => (look < 3 ? inProgress : successful), () => 2), ...stoppedTask() })
  const { stderr } = await deploy(approved)
  const lines = stderr.split('\n').filter((line) => /^ *\+[\d.]+ s {2}/.test(line)).map((line) => line.trim().split(/ {2,}/)[1])
  t.strictSame(lines, ['event', 'task', 'deployment'])
})

t.test('a task that never started says when it stopped, but not since when', async (t) => {
  const stopped = { taskArn, lastStatus: 'STOPPED', stoppedAt: soon + 2, stopCode: 'TaskFailedToStart', stoppedReason: 'CannotPullContainerError: v1: not found' }
  const tasks = { ListTasks: { taskArns: [taskArn] }, DescribeTasks: { tasks: [stopped] } }
  const { deploy } = await scene(t, { ...rollout(() => rolledBack), ...tasks }, { served: 'nothing' })
  const { stderr } = await deploy(approved)
  t.match(stderr, /task 01234567 stopped: CannotPullContainerError: v1: not found \(TaskFailedToStart\)/)
  t.match(stderr, 'fix: The image is not in ECR')
})

t.test('a deployment that is not listed yet is waited for', async (t) => {
  const listed = rollout(() => successful, () => 2)
  const { deploy, aws } = await scene(t, { ...listed, ListServiceDeployments: (look) => (look < 3 ? {} : (listed.ListServiceDeployments as object)) })
  t.equal((await deploy(approved)).exitCode, 0)
  t.equal(aws.calls.filter((call) => call === 'ecs ListServiceDeployments').length, 3)
})

t.test('an apply that does not touch the service is over when the app answers', async (t) => {
  const { deploy } = await scene(t, {})
  t.equal((await deploy(approved)).exitCode, 0)
})

t.test('without the permission to ask ECS, the app alone has to answer, and a warning says so', async (t) => {
  const { deploy } = await deployScene(t, { account: { ...webapp, refuse: { ecs: { status: 400, code: 'AccessDeniedException' } } } })
  const { exitCode, stderr } = await deploy(approved)
  t.equal(exitCode, 0, stderr)
  t.match(stderr, /warning: Only the app's own answers tell how the deployment goes: AWS does not allow this identity to read/)
})

t.test('logs that may not be read do not hide the rest', async (t) => {
  const account = { ...webapp, answers: { ...rollout(() => rolledBack), ...stoppedTask() }, refuse: { logs: { status: 400, code: 'AccessDeniedException' } } }
  const { deploy } = await deployScene(t, { account, served: 'nothing' })
  const { exitCode, stderr } = await deploy(approved)
  t.equal(exitCode, 5)
  t.match(stderr, /stopped: Essential container in task exited \(EssentialContainerExited, exit code 3\)$/m)
})

t.test('outputs that name no service, or a plan without changes: ECS is not asked', async (t) => {
  const { deploy, aws } = await scene(t, {})
  t.equal((await deploy(approved, { FAKE_NO_SERVICE: 'yes' })).exitCode, 0)
  t.equal((await deploy(approved, { FAKE_PLAN: '{}' })).exitCode, 0)
  t.notOk(aws.calls.some((call) => call.startsWith('ecs ')))
})

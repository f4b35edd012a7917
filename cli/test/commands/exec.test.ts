import { readFileSync } from 'node:fs'
import t from 'tap'
import { runCli } from '../support/cli.ts'
import { deployScene, webapp } from '../support/deploy-scene.ts'
import { xml, type FakeAccount } from '../support/fake-aws.ts'
import { deployedService, refusal, taskDefinition } from '../support/fake-service.ts'

type Test = Parameters<typeof deployScene>[0]
const task = '7'.repeat(32)
const taskArn = `arn:aws:ecs:eu-central-1:123456789012:task/webapp-dev/${task}`
const taskRoleArn = 'arn:aws:iam::123456789012:role/task'
const simulated = (decision: string) =>
  xml(`<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults><member><EvalActionName>ssmmessages:OpenDataChannel</EvalActionName><EvalDecision>${decision}</EvalDecision></member></EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`)
const plugin = (version: string) => `
if (args[0] === '--version') { say('${version}'); return }
fs.writeFileSync('session.json', JSON.stringify({ args, session: process.env.AWS_SSM_START_SESSION_RESPONSE }))
say('in the session')
return 7`

type Given = { on?: boolean; agent?: string; readonly?: boolean; mounts?: string[]; version?: string; answers?: FakeAccount['answers']; running?: boolean }

async function exec(t: Test, { on = true, agent = 'RUNNING', readonly = false, mounts = [], version = '1.2.707.0', answers = {}, running = true }: Given = {}, args: string[] = []) {
  const shown = { taskArn, lastStatus: 'RUNNING', taskDefinitionArn: taskDefinition(2), enableExecuteCommand: on, containers: [{ name: 'app', runtimeId: `${task}-1`, managedAgents: [{ name: 'ExecuteCommandAgent', lastStatus: agent }] }] }
  const { options, aws } = await deployScene(t, {
    deployed: true,
    programs: { 'session-manager-plugin': version ? plugin(version) : undefined },
    account: {
      ...webapp,
      answers: {
        ...deployedService(),
        DescribeServices: { services: [{ serviceName: 'webapp', taskDefinition: taskDefinition(2), enableExecuteCommand: on }] },
        DescribeTaskDefinition: { taskDefinition: { taskRoleArn, containerDefinitions: [{ name: 'app', readonlyRootFilesystem: readonly, mountPoints: mounts.map((containerPath) => ({ containerPath })) }] } },
        ListTasks: { taskArns: running ? [taskArn] : [] },
        DescribeTasks: { tasks: running ? [shown] : [] },
        SimulatePrincipalPolicy: simulated('allowed'),
        ExecuteCommand: { session: { sessionId: 's-1', streamUrl: 'wss://example.com', tokenValue: 'the-secret-token' } },
        ...answers,
      },
    },
  })
  return { ...(await runCli(['exec', ...args], options())), aws, project: options().cwd }
}

t.test('opens a session; its token is in no argument; ends with its exit code', async (t) => {
  const { exitCode, stdout, stderr, project } = await exec(t, {}, ['--task', '7777', '--', 'node', '-i'])
  t.equal(exitCode, 7, stderr)
  t.equal(stdout, 'in the session\n')
  const { args, session } = JSON.parse(readFileSync(`${project}/session.json`, 'utf8')) as { args: string[]; session: string }
  t.notMatch(args.join(' '), 'the-secret-token')
  t.match(JSON.parse(session), { sessionId: 's-1', tokenValue: 'the-secret-token' })
  t.same(args, ['AWS_SSM_START_SESSION_RESPONSE', 'eu-central-1', 'StartSession', '', JSON.stringify({ Target: `ecs:webapp-dev_${task}_${task}-1` }), 'https://ssm.eu-central-1.amazonaws.com'])
})

t.test('names all that is missing at once, with the edit, and opens nothing', async (t) => {
  const { exitCode, stderr, aws } = await exec(t, { on: false, readonly: true, mounts: ['/managed-agents'], version: '1.2.463.0', answers: { SimulatePrincipalPolicy: simulated('implicitDeny') } })
  t.equal(exitCode, 4)
  t.match(stderr, /No session can be opened: 4 things are missing\./)
  t.match(stderr, /session-manager-plugin 1\.2\.463\.0 is older than 1\.2\.497/)
  t.match(stderr, /enable_execute_command is false.*read-only root file system, and its agent writes to \/var\/lib\/amazon\/ssm, \/var\/log\/amazon\/ssm\./s)
  t.match(stderr, /The task role .*role\/task lacks ssmmessages:OpenDataChannel/)
  t.match(stderr, /fix: Install it:.*Set enable_execute_command = true in infrastructure\/input\.auto\.tfvars, and deploy\./s)
  t.notOk(aws.calls.includes('ecs ExecuteCommand'))
})

t.test('one thing alone', async (t) => {
  t.match(await exec(t, { running: false }), { exitCode: 4, stderr: /No task is running\./ })
  t.match(await exec(t, { agent: 'STOPPED' }), { exitCode: 4, stderr: /one thing is missing\..*The agent in task 77777777 is STOPPED/s })
  t.match(await exec(t, { answers: { SimulatePrincipalPolicy: xml('<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>', 403) } }), { exitCode: 7, stderr: /Whether the task role allows it is unknown/ })
  t.match(await exec(t, { answers: { ExecuteCommand: refusal('AccessDeniedException') } }), { exitCode: 4, stderr: /ecs:ExecuteCommand/ })
})
t.jobs = 3

import t from 'tap'
import { runCli, startCli } from '../support/cli.ts'
import { deployScene, webapp, type DeployScene } from '../support/deploy-scene.ts'
import type { FakeAccount } from '../support/fake-aws.ts'
import { deployedService, refusal, taskDefinition } from '../support/fake-service.ts'
import { until } from '../support/until.ts'

type Test = Parameters<typeof deployScene>[0]
const container = (mode?: string) => ({ name: 'app', logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': '/ecs/webapp/app', 'awslogs-stream-prefix': 'ecs', ...(mode ? { mode } : {}) } } })
const definition = { DescribeTaskDefinition: { taskDefinition: { taskDefinitionArn: taskDefinition(2), containerDefinitions: [container('blocking')] } } }
const first = '1'.repeat(32)
const second = '2'.repeat(32)
const line = (eventId: string, seconds: number, task: string, message: string) => ({ eventId, timestamp: Date.now() - 60_000 + seconds * 1000, logStreamName: `ecs/app/${task}`, message })

const scene = (t: Test, answers: FakeAccount['answers'], more: DeployScene = {}) =>
  deployScene(t, { ...more, deployed: true, account: { ...webapp, answers: { ...deployedService(), ...definition, ...answers } } })

t.test('lines for people and for scripts, and what may be missing', async (t) => {
  const events = [
    line('a', 1, first, '{"level":"error","msg":"no database","time":1,"retries":3,"at":"a b","stack":"Error: x\\n    at y"}'),
    line('b', 2, second, 'plain \u001b[31mtext\u0007'),
    line('c', 3, second, '{"broken":'),
  ]
  const { options } = await scene(t, { FilterLogEvents: (call) => (call === 1 ? { events: events.slice(0, 2), nextToken: 'more' } : { events: events.slice(2) }) })
  const shown = await runCli(['logs'], options())
  t.equal(shown.exitCode, 0, shown.stderr)
  const lines = shown.stdout.split('\n')
  t.match(lines[0], /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z 11111111 error no database retries=3 at="a b"$/)
  t.same(lines.slice(1, 3), ['    Error: x', '    at y'])
  t.match(lines[3], /22222222 plain text$/, 'nothing steers the terminal')
  t.match(lines[4], /22222222 \{"broken":$/)
  t.match(shown.stderr, /\/ecs\/webapp\/app, log mode blocking: no line is lost/)
  const { stdout } = await runCli(['logs', '--json', '--task', '2222'], options())
  t.same(stdout.trim().split('\n').map((each) => JSON.parse(each).message), ['{"broken":'], 'as written; of one task alone')
})

t.test('nothing to show, a task that says nothing, another log driver, no permission, nothing deployed', async (t) => {
  const empty = await scene(t, { FilterLogEvents: {} })
  t.match(await runCli(['logs', '--since', '2h'], empty.options()), { exitCode: 0, stdout: '', stderr: /No line since / })
  const silent = await scene(t, { FilterLogEvents: { events: [line('a', 1, first, 'x')] } })
  t.match((await runCli(['logs'], silent.options())).stderr, 'Wrote nothing in that time: task 22222222.')
  const other = await scene(t, { DescribeTaskDefinition: { taskDefinition: { containerDefinitions: [{ name: 'app', logConfiguration: { logDriver: 'awsfirelens' } }] } } })
  t.match(await runCli(['logs'], other.options()), { exitCode: 4, stderr: /The app logs by awsfirelens, not to CloudWatch Logs/ })
  const denied = await scene(t, { FilterLogEvents: refusal('AccessDeniedException') })
  t.match(await runCli(['logs', '--follow'], denied.options()), { exitCode: 4, stderr: /logs:FilterLogEvents/ })
  t.match(await runCli(['logs'], empty.options({ FAKE_NO_SERVICE: '1' })), { exitCode: 4, stderr: /name no ECS service/ })
  t.match(await runCli(['logs', '--since', 'soon'], empty.options()), { exitCode: 2, stderr: /a span such as 30s/ })
})

t.test('--follow goes on as lines come, reconnects, and repeats nothing', async (t) => {
  const events = [line('a', 1, first, 'one'), line('b', 2, second, 'two'), line('late', 1, second, 'late'), line('c', 3, first, 'three')]
  const shows = [[events[0]], [events[0], events[1]], undefined, [events[0], events[1], events[2]], events]
  const { options } = await scene(t, {
    FilterLogEvents: (call) => {
      const shown = shows[Math.min(call, shows.length) - 1]
      return shown ? { events: shown } : refusal('InvalidParameterException')
    },
  })
  const cli = startCli(['logs', '--follow', '--json'], options())
  await until('the last line', () => cli.stdout().includes('three'))
  cli.child.kill('SIGINT')
  const { exitCode, stdout, stderr } = await cli.ended
  t.equal(exitCode, 130)
  t.same(stdout.trim().split('\n').map((each) => JSON.parse(each).message), ['one', 'two', 'late', 'three'])
  t.match(stderr, /Could not read the log group .*It is asked again\..*CloudWatch answers again, after \d+ s; it goes on where it was\./s)
})

t.test('--previous opens with how the last task ended', async (t) => {
  const stop = { stoppedReason: 'OutOfMemoryError: Container killed due to memory usage', containers: [{ name: 'app', exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' }] }
  const service = deployedService(() => ({ stopped: [{ ...stop, seconds: 1, stoppedReason: 'earlier' }, { ...stop, seconds: 9 }] }))
  const events = [line('a', 1, '6'.repeat(32), 'the last word'), line('b', 1, first, 'of another')]
  const { options } = await scene(t, { ...service, FilterLogEvents: { events } })
  const { exitCode, stdout, stderr } = await runCli(['logs', '--previous'], options())
  t.equal(exitCode, 0, stderr)
  t.match(stdout, /^task 66666666 stopped at \d{4}-.*Z, exit 137 \(memory\): OutOfMemoryError: Container killed due to memory usage\n.* the last word\n$/)

  const logStreams = [{ logStreamName: `ecs/app/${first}`, lastEventTimestamp: 2 }, { logStreamName: `ecs/app/${'9'.repeat(32)}`, lastEventTimestamp: 1 }]
  const forgotten = await scene(t, { DescribeLogStreams: { logStreams }, FilterLogEvents: { events: [line('z', 1, '9'.repeat(32), 'long ago')] } })
  const old = await runCli(['logs', '--previous'], forgotten.options())
  t.match(old.stdout, /^task 99999999 runs no more; its last line is of 1970-.*ECS tells for an hour why a task stopped, and no longer\.\n.*long ago\n$/)
  const none = await scene(t, { DescribeLogStreams: { logStreams: logStreams.slice(0, 1) } })
  t.match(await runCli(['logs', '--previous'], none.options()), { exitCode: 4, stderr: /No task that stopped is known/ })
})
t.jobs = 4

// The picture of a deployment and its lines, from what ECS and the load balancer have shown.
import { stripVTControlCharacters } from 'node:util'
import pico from 'picocolors'
import t from 'tap'
import { toAscii } from '../../../src/platform/terminal/ascii.ts'
import type { Observed } from '../../../src/rollout/observe.ts'
import { readPicture, type Known, type Look } from '../../../src/rollout/watch/picture.ts'
import { createTeller } from '../../../src/rollout/watch/show.ts'
import { renderView } from '../../../src/rollout/watch/view.ts'

const now = Date.parse('2026-11-25T12:00:00Z')
const ago = (seconds: number) => new Date(now - seconds * 1000)
const digest = `sha256:5d6f${'0'.repeat(60)}`
const oldDigest = `sha256:1f0c${'1'.repeat(60)}`
const arn = (revision: number) => `arn:aws:ecs:eu-central-1:1:task-definition/webapp:${revision}`
const task = (address: string, revision: number, startedAt: Date, lastStatus = 'RUNNING') => ({
  taskArn: `task/${address}`,
  taskDefinitionArn: arn(revision),
  lastStatus,
  startedAt,
  attachments: [{ details: [{ name: 'privateIPv4Address', value: address }] }],
})
const target = (id: string, state: string) => ({ id, state, port: 8080, zone: null, reason: null, description: null })

const known: Known = {
  environment: 'webapp-dev',
  account: '123456789012',
  region: 'eu-central-1',
  release: { repository: 'webapp', tag: 'v1.4.0', digest, platform: null, version: '1.4.0', commit: '4f2a9c1b00112233445566778899aabbccddeeff' },
  tags: new Map([[oldDigest, 'v1.3.9']]),
  applied: true,
  bakeSeconds: 30,
  usualSeconds: 41.2,
  deadline: now + 588_000,
}
const seen: Observed = {
  service: {
    taskDefinition: arn(8),
    loadBalancers: [{ targetGroupArn: 'web', containerName: 'app' }],
    deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } },
    deployments: [
      { status: 'PRIMARY', taskDefinition: arn(8), desiredCount: 2, runningCount: 1, pendingCount: 1, failedTasks: 1, rolloutState: 'IN_PROGRESS' },
      { status: 'ACTIVE', taskDefinition: arn(7), desiredCount: 2, runningCount: 2, pendingCount: 0, failedTasks: 0, rolloutState: 'COMPLETED' },
    ],
  },
  own: {
    serviceDeploymentArn: 'arn:aws:ecs:eu-central-1:1:service-deployment/webapp-dev/webapp/9Q2zVtXkq3',
    status: 'IN_PROGRESS',
    createdAt: ago(12),
    deploymentCircuitBreaker: { status: 'MONITORING', failureCount: 1, threshold: 3 },
    alarms: { status: 'MONITORING', alarmNames: ['webapp-5xx'], triggeredAlarmNames: [] },
  },
  revision: undefined,
  revisions: [{ taskDefinition: arn(7), containerImages: [{ containerName: 'app', imageDigest: oldDigest }] }],
  targets: [target('10.0.0.1', 'initial'), target('10.0.0.2', 'healthy'), target('10.0.0.3', 'healthy'), target('10.0.0.9', 'draining')],
  deployments: [],
  events: [{ at: ago(7), message: '(service webapp) has started 2 tasks: (task 380ed5da) (task c242605c).' }],
  running: [task('10.0.0.1', 8, ago(8)), task('10.0.0.2', 7, ago(3 * 86_400)), task('10.0.0.3', 7, ago(86_400))],
  stopped: [],
  stopping: 0,
  problem: undefined,
}
const answer: Look['answer'] = { version: { version: '1.3.9', tag: 'v1.3.9', digest: oldDigest } }
const expected: Look['expected'] = { release: known.release, digests: new Set([digest]), taskDefinition: arn(8), container: 'app' }
const look = (more: Partial<Observed> = {}, rest: Partial<Look> = {}): Look => ({ seen: { ...seen, ...more }, answer, expected, isProved: false, waiting: 'ECS: it is not complete', ...rest })
const draw = (look: Look, width = 80, more: Partial<Known> = {}, colors = pico.createColors(false)) => renderView(readPicture(look, { ...known, ...more }), { width, colors, now })

t.test('at 80 columns everything stands in its place', async (t) => {
  t.strictSame(draw(look()), [
    '  webapp-dev  eu-central-1  account 123456789012  9 min 48 s left  usually 41 s',
    '  v1.4.0  5d6f00000000  commit 4f2a9c1b  deployment 9Q2zVtXkq3',
    '',
    '  ✔ apply  ● start 1 of 2  ○ health  ○ drain  ○ prove  ○ bake 30 s',
    '',
    '       version  digest        desired  running  pending  failed  healthy  oldest',
    '  new  v1.4.0   5d6f00000000        2        1        1       1   0 of 1     8 s',
    '  old  v1.3.9   1f0c11111111        2        2        0       0   2 of 2     3 d',
    '',
    '  breaker  1 of 3 failures',
    '  alarms   webapp-5xx: none has fired',
    '  news     7 s ago: has started 2 tasks: (task 380ed5da) (task c242605c).',
    '  serves   v1.3.9 (version 1.3.9, 1f0c11111111)',
    '  waiting  ECS: it is not complete',
  ])
})

t.test('a narrow terminal is told the same in sentences, and long names are cut where they must be', async (t) => {
  const narrow = draw(look(), 40)
  t.match(narrow.join('\n'), /new {2}v1\.4\.0\n.*1 of 2 running, {2}1 pending,\n.*1 failed, {2}0 of 1 healthy,\n.*oldest 8 s\n/)
  const long = { release: { ...known.release, tag: `v1.4.0-${'nightly'.repeat(20)}`.slice(0, 128) }, environment: 'e'.repeat(60) }
  for (const width of [20, 40, 60, 79, 80, 120, 200]) {
    const lines = draw(look({ events: [{ at: ago(1), message: 'word '.repeat(80) }] }), width, long)
    t.strictSame(lines.filter((line) => line.length > width), [], `${width} columns`)
  }
  t.match(draw(look(), 120, long).join('\n'), /new {2}v1\.4\.0-nightly\S*… {2}5d6f00000000 {2}/)
  t.match(draw(look(), 70).join('\n'), / {7}version {2}desired/, 'the digest is the first column to go')
})

t.test('colours change no width, and signs have stand-ins of the same width', async (t) => {
  const colored = draw(look(), 80, {}, pico.createColors(true))
  t.match(colored.join(''), '\u001B[')
  t.strictSame(colored.map(stripVTControlCharacters), draw(look()))
  const ascii = draw(look()).map(toAscii)
  t.notMatch(ascii.join('\n'), /[^\x20-\x7E\n]/)
  t.strictSame(ascii.map(({ length }) => length), draw(look()).map(({ length }) => length))
  t.match(ascii[3], '+ apply  * start 1 of 2  o health')
})

const stageLine = (given: Look) => draw(given).find((line) => line.includes('apply'))?.trim()
const complete = { deployments: [{ status: 'PRIMARY', taskDefinition: arn(8), desiredCount: 2, runningCount: 2, pendingCount: 0, rolloutState: 'COMPLETED' as const }] }
const started = [task('10.0.0.1', 8, ago(8)), task('10.0.0.4', 8, ago(6))]
const two = { ...seen.service, deployments: [{ ...complete.deployments[0], rolloutState: 'IN_PROGRESS' as const }, { status: 'ACTIVE', taskDefinition: arn(7), desiredCount: 0, runningCount: 1, pendingCount: 0 }] }
const healthy = [target('10.0.0.1', 'healthy'), target('10.0.0.4', 'healthy')]

t.test('the stages tell how far it is, and where it went back', async (t) => {
  t.equal(stageLine(look({ service: two, running: started })), '✔ apply  ✔ start  ● health 0 of 2  ○ drain  ○ prove  ○ bake 30 s')
  t.equal(stageLine(look({ service: two, running: started, targets: healthy, stopping: 1 })), '✔ apply  ✔ start  ✔ health  ● drain 2 left  ○ prove  ○ bake 30 s')
  const whole = { service: { ...seen.service, ...complete }, running: started, targets: healthy }
  t.equal(stageLine(look(whole)), '✔ apply  ✔ start  ✔ health  ✔ drain  ● prove  ○ bake 30 s')
  t.equal(stageLine(look(whole, { isProved: true })), '✔ apply  ✔ start  ✔ health  ✔ drain  ✔ prove  ● bake 30 s')
  const back = (status: string) => stageLine(look({ service: two, running: started, own: { ...seen.own, status: status as 'STOPPED' } }))
  t.equal(back('ROLLBACK_IN_PROGRESS'), '✔ apply  ✔ start  ✖ health  ● roll back')
  t.equal(back('ROLLBACK_SUCCESSFUL'), '✔ apply  ✔ start  ✖ health  ✔ roll back')
  t.equal(back('STOP_REQUESTED'), '✔ apply  ✔ start  ✖ health  ● stop')
})

t.test('what is not known is not called fine', async (t) => {
  const text = (given: Look) => draw(given, 120).join('\n')
  t.match(text(look({ targets: undefined })), /new .* 1 {8}\? {5}8 s$/m, 'health that may not be read')
  t.match(text(look({ targets: undefined })), '● start 1 of 2')
  t.notMatch(text(look({ service: two, running: started, targets: undefined })), '✔ health')
  t.match(text(look({ own: undefined })), /no deployment listed yet.*alarms {3}not known yet/s)
  t.match(text(look({ service: {}, running: [], own: undefined })), /breaker {2}off/)
  const given = { ...seen.own, status: 'ROLLBACK_IN_PROGRESS' as const, deploymentCircuitBreaker: { status: 'TRIGGERED' as const, failureCount: 3, threshold: 3 }, alarms: { alarmNames: ['a'], triggeredAlarmNames: ['a'] } }
  t.match(text(look({ own: given })), /3 of 3 failures: it has given up\n.*in alarm: a/)
  const gone = { ...seen.service, deployments: seen.service.deployments?.slice(1) }
  const target = { arn: 'r', requestedTaskCount: 2, runningTaskCount: 0, pendingTaskCount: 0 }
  t.match(text(look({ service: gone, own: { ...given, targetServiceRevision: target } })), /new {2}v1\.4\.0 {3}5d6f00000000 {8}2 {8}0 {8}0 {7}- /, 'what ECS has taken off its list')
})

t.test('where nothing can be drawn anew, each change is a line', async (t) => {
  const lines: string[] = []
  let seconds = 1000
  const tell = createTeller(1, (line) => lines.push(line), () => seconds)
  const show = (given: Look, at: number) => {
    seconds = 1000 + at
    tell(given, readPicture(given, known))
  }
  const fresh = { own: { ...seen.own, createdAt: new Date() }, events: [] }
  const healthy = look({ ...fresh, targets: [target('10.0.0.1', 'healthy')] })
  show(look(fresh), 0)
  show(look(fresh), 1)
  show(healthy, 5)
  show(healthy, 64)
  t.strictSame(lines.map((line) => line.replace(/^ *\+(\d+)\.\d s/, '$1')), [
    '0  tasks       new v1.4.0: 1 of 2 running, 1 pending, 1 failed, 0 of 1 healthy',
    '0  tasks       old v1.3.9: 2 of 2 running, 2 of 2 healthy',
    '0  serves      v1.3.9 (version 1.3.9, 1f0c11111111)',
    '5  tasks       new v1.4.0: 1 of 2 running, 1 pending, 1 failed, 1 of 1 healthy',
    '5  tasks       old v1.3.9: 2 of 2 running, 0 of 0 healthy',
  ])
})

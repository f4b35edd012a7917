import t from 'tap'
import { formatMoment, timelineOf } from '../../src/rollout/timeline.ts'
import { faultAt, rolledBack, stoppedTask } from '../support/scenarios.ts'

const options = { from: faultAt, speed: 1 }

t.test('tells what happened in order, and what else happened meanwhile', async (t) => {
  const also = [{ at: faultAt, kind: 'fault', text: 'crash-at-start' }, { at: undefined, kind: 'requests', text: 'none failed' }]
  t.strictSame(
    timelineOf(rolledBack, { ...options, also }).map(({ seconds, kind }) => [seconds, kind]),
    [[0, 'fault'], [1, 'event'], [3, 'task'], [10, 'event'], [12, 'event'], [12, 'deployment']],
  )
})

t.test("gives AWS's seconds at any speed", async (t) => {
  t.strictSame(timelineOf(rolledBack, { ...options, speed: 10 }).map(({ seconds }) => seconds), [10, 30, 100, 120, 120])
})

t.test('says how a task ended, with the error in its log, or else the last line that is not a record', async (t) => {
  const [, task] = timelineOf(rolledBack, options)
  t.equal(
    task?.text,
    'task 01234567 stopped: Essential container in task exited (EssentialContainerExited, exit code 1); log: cannot go on',
  )
})

t.test('prefers the error to what stands below it', async (t) => {
  const error = "Error: EROFS: read-only file system, open '/app/x'"
  const stopped = [stoppedTask({ stoppedReason: 'ended' }, ['node:fs:1', error, '    at open', 'Node.js v24'])]
  t.equal(timelineOf({ ...rolledBack, stopped }, options)[1]?.text.split('log: ')[1], error)
})

t.test('a moment is one line', async (t) => {
  const line = formatMoment({ seconds: 12.34, kind: 'event', text: 'has reached a steady state.' })
  t.equal(line, '  +12.3 s  event       has reached a steady state.')
  const group = 'arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/web-8080/0123456789abcdef'
  const text = `(service web) registered 1 targets in (target-group ${group}), (task 0123456789abcdef0123456789abcdef)`
  t.match(formatMoment({ seconds: 0, kind: 'event', text }), / event {7}registered 1 targets in \(target-group web-8080\), \(task 01234567\)$/)
})

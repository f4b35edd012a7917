import t from 'tap'
import { check, type Expected } from '../../src/scenarios/expectations.ts'
import { after, allAnswered, rolledBack, stoppedTask } from '../support/scenarios.ts'

const expected: Expected = {
  deployment: 'ROLLBACK_SUCCESSFUL',
  event: /deployment failed: tasks failed to start/,
  stopped: { code: 'EssentialContainerExited', exitCode: 1, log: /cannot go on/ },
  requests: 'none fail',
}
const verdicts = (...given: Parameters<typeof check>) => check(...given).map(({ ok }) => ok)

t.test('all that should happen happened', async (t) => {
  t.strictSame(verdicts(expected, rolledBack, allAnswered, 1), [true, true, true, true])
})

t.test('each thing that did not happen is named, with what was seen instead', async (t) => {
  const stopped = [stoppedTask({ stoppedReason: 'Scaling activity' })]
  const other = { ...rolledBack, own: { status: 'SUCCESSFUL' as const }, events: [], stopped }
  const failed = { ...allAnswered, failed: 3, failures: { 'HTTP 502': 2, timeout: 1 } }
  t.match(check(expected, other, failed, 1), [
    { ok: false, what: 'the deployment ends ROLLBACK_SUCCESSFUL', seen: 'SUCCESSFUL' },
    { ok: false, what: 'an event says “deployment failed: tasks failed to start”', seen: 'no such event' },
    {
      ok: false,
      what: 'a task stops: EssentialContainerExited, exit code 1, log line “cannot go on”',
      seen: /^Scaling activity/,
    },
    { ok: false, what: 'no request fails', seen: '3 of 1000 failed (2 HTTP 502, 1 timeout)' },
  ])
})

t.test('one task has to show all of it', async (t) => {
  const split = { ...rolledBack, stopped: [...rolledBack.stopped, stoppedTask({ containers: [{ exitCode: 137 }] })] }
  const wanted: Expected = { stopped: { code: 'EssentialContainerExited', exitCode: 137 }, requests: 'none fail' }
  t.strictSame(verdicts(wanted, split, allAnswered, 1), [false, true])
})

t.test("how long a task took to stop is measured in AWS's seconds", async (t) => {
  const slow = { ...rolledBack, stopped: [stoppedTask({ stoppingAt: after(0), stoppedAt: after(4) })] }
  const wanted: Expected = { stopped: { afterSeconds: 30 }, requests: 'none fail' }
  t.strictSame(verdicts(wanted, slow, allAnswered, 1), [false, true])
  t.strictSame(verdicts(wanted, slow, allAnswered, 10), [true, true])
})

t.test('requests', async (t) => {
  const failing = (failed: number, sent = 1000) => ({ ...allAnswered, sent, failed })
  const verdict = (requests: Expected['requests'], failed: number, sent?: number) =>
    check({ requests }, rolledBack, failing(failed, sent), 1)[0]?.ok
  t.equal(verdict('none fail', 1), false)
  t.equal(verdict('none fail', 0, 0), false, 'none sent proves nothing')
  t.equal(verdict('some may fail', 0), true)
  t.equal(verdict('some may fail', 49), true)
  t.equal(verdict('some may fail', 50), false)
  t.equal(verdict('many fail', 0), false)
  t.equal(verdict('many fail', 300), true)
})

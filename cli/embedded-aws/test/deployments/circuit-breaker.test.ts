// The rules of the circuit breaker, by themselves.
import t from 'tap'
import { countFailures, failureThreshold } from '../../src/deployments/circuit-breaker.ts'

const breaker = { enable: true, rollback: true }
const threshold = (type: 'COUNT' | 'BOUNDED_PERCENT' | 'UNBOUNDED_PERCENT', value: number, desiredCount: number) =>
  failureThreshold({ ...breaker, thresholdConfiguration: { type, value } }, desiredCount)

// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
t.test('the threshold', async (t) => {
  t.same([1, 25, 400, 800].map((desired) => failureThreshold(breaker, desired)), [3, 13, 200, 200], "AWS's own examples of the default")
  t.equal(threshold('BOUNDED_PERCENT', 10, 100), 10)
  t.equal(threshold('UNBOUNDED_PERCENT', 50, 800), 400)
  t.equal(threshold('UNBOUNDED_PERCENT', 50, 2), 1)
  t.equal(threshold('UNBOUNDED_PERCENT', 50, 0), 1, 'no failure opens no breaker')
  t.equal(threshold('COUNT', 5, 800), 5)
})

t.test('the count', async (t) => {
  const count = (settings: object, tasks: ('failed' | 'healthy')[]) =>
    tasks.reduce((sum, task) => countFailures({ ...breaker, ...settings }, sum, task), 0)
  const tasks = ['failed', 'failed', 'healthy', 'failed'] as const
  t.equal(count({}, [...tasks]), 1, 'in a row')
  t.equal(count({ resetOnHealthyTask: false }, [...tasks]), 3, 'all of them')
})

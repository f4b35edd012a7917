// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
import t from 'tap'
import { compute } from '../../src/cloudwatch/expression.ts'

const metrics: Record<string, Map<number, number>> = {
  requests: new Map([[0, 100], [60, 10], [180, 200]]),
  errors: new Map([[0, 5], [180, 50]]),
}
const known = { byId: (id: string) => metrics[id], times: [0, 60, 120, 180], period: 60 }
const values = (text: string) => Object.fromEntries(compute(text, known))

t.test('what infrastructure/ asks for, and its neighbours', async (t) => {
  t.same(values('IF(requests >= 20, 100 * FILL(errors, 0) / requests, 0)'), { 0: 5, 60: 0, 180: 25 })
  t.same(values('requests - errors'), { 0: 95, 180: 150 }, 'what one lacks the result lacks')
  t.same(values('FILL(errors, REPEAT)'), { 0: 5, 60: 5, 120: 5, 180: 50 })
  t.same(values('-2 ^ 2 + SUM(errors)'), { 0: 59, 60: 59, 120: 59, 180: 59 }, 'one metric is one number')
  t.same(values('MAX([errors, 7]) / PERIOD(errors) * 60'), { 0: 7, 180: 50 }, 'a list is taken by its periods')
  t.same(values('requests > 50 AND errors < 10 OR FLOOR(requests / 100) == 2'), { 0: 1, 180: 1 })
})

t.test('what is not known is refused by name', async (t) => {
  for (const [text, name] of [['ANOMALY_DETECTION_BAND(requests, 2)', 'ANOMALY_DETECTION_BAND'], ['missing * 2', 'missing'], ['1 +', '1 +']] as const) {
    t.throws(() => compute(text, known), { type: 'ValidationError', message: new RegExp(name.replace('+', '\\+')) })
  }
})

// When scheduled actions come, by the expressions that AWS's pages give as examples.
// https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
import t from 'tap'
import { readSchedule } from '../../src/autoscaling/schedule.ts'

const seconds = (text: string) => Date.parse(text) / 1000
/** A Thursday. */
const start = seconds('2026-11-26T06:30:00Z')

function times(expression: string, count: number, zone = 'UTC', after = start): string[] {
  const next = readSchedule(expression, zone, start)
  const found: string[] = []
  for (let at = next(after); at !== undefined && found.length < count; at = next(at)) found.push(new Date(at * 1000).toISOString().replace(':00.000Z', 'Z'))
  return found
}

t.test('cron', async (t) => {
  t.same(times('cron(0 7 ? * MON-FRI *)', 3), ['2026-11-26T07:00Z', '2026-11-27T07:00Z', '2026-11-30T07:00Z'])
  t.same(times('cron(0 7 ? * 2 *)', 1), ['2026-11-30T07:00Z'], 'Sunday is 1')
  t.same(times('cron(0/15 8-9 * * ? *)', 3), ['2026-11-26T08:00Z', '2026-11-26T08:15Z', '2026-11-26T08:30Z'])
  t.same(times('cron(0 8 1 * ? *)', 2), ['2026-12-01T08:00Z', '2027-01-01T08:00Z'])
  t.same(times('cron(0 8 L * ? *)', 1), ['2026-11-30T08:00Z'])
  t.same(times('cron(0 8 ? * 6#3 *)', 1), ['2026-12-18T08:00Z'], 'the third Friday')
  t.same(times('cron(0 0 1 1 ? 2028)', 2), ['2028-01-01T00:00Z'], 'of one year')
  t.same(times('cron(0 9 * * ? *)', 1, 'America/New_York'), ['2026-11-26T14:00Z'])
})

t.test('at', async (t) => {
  t.same(times('at(2026-11-27T10:00:00)', 2, 'Europe/Berlin'), ['2026-11-27T09:00Z'], 'once')
  t.same(times('at(2020-01-01T00:00:00)', 1), [], 'never, when it is over')
})

t.test('rate', async (t) => {
  t.same(times('rate(12 hours)', 2), ['2026-11-26T18:30Z', '2026-11-27T06:30Z'])
  t.same(times('rate(1 minute)', 1), ['2026-11-26T06:31Z'])
  t.same(times('rate(5 minutes)', 1, 'UTC', start + 301), ['2026-11-26T06:40Z'], 'in step with its start')
})

t.test('what is none of them', async (t) => {
  for (const expression of ['', 'cron()', 'cron(0 7 * *)', 'cron(99 7 ? * * *)', 'rate(0 minutes)', 'rate(5 weeks)', 'at(tomorrow)', '7:00']) {
    t.throws(() => readSchedule(expression, 'UTC', start), { message: /^Schedule expression .* is not valid/ }, expression)
  }
  t.throws(() => readSchedule('cron(0 9 * * ? *)', 'Europe/Nowhere', start)(start), 'a zone that does not exist')
})

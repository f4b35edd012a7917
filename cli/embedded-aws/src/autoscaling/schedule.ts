import { Cron } from 'croner'
import { AwsError } from '../aws-error.ts'

/** When something is to happen: the next time after a moment, both in seconds since 1970; undefined when never again. */
export type Schedule = (after: number) => number | undefined

const unitSeconds: Record<string, number> = { minute: 60, hour: 3600, day: 86_400 }

/**
 * Reads `at(…)`, `cron(…)` or `rate(…)`.
 * https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
 * @param zone of `at` and `cron`
 * @param start from when a rate counts
 * @throws AwsError `ValidationException`
 */
export function readSchedule(expression: string, zone: string, start: number): Schedule {
  const [, kind, text = ''] = /^(at|cron|rate)\((.*)\)$/.exec(expression.trim()) ?? []
  try {
    if (kind === 'at' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text)) return next(new Cron(text, { timezone: zone, paused: true }))
    // AWS counts days of the week from Sunday as 1, lets a step begin anywhere, and has a year but no seconds.
    if (kind === 'cron' && text.trim().split(/\s+/).length === 6) {
      return next(new Cron(`0 ${text}`, { timezone: zone, paused: true, alternativeWeekdays: true, sloppyRanges: true }))
    }
  } catch (error) {
    throw invalid(expression, (error as Error).message)
  }
  const [, count = '', unit = ''] = /^([1-9]\d*) (minute|hour|day)s?$/.exec(kind === 'rate' ? text : '') ?? []
  const seconds = Number(count) * (unitSeconds[unit] ?? 0)
  if (seconds === 0) throw invalid(expression, 'at(yyyy-mm-ddThh:mm:ss), cron(minutes hours day-of-month month day-of-week year) or rate(value unit)')
  return (after) => start + (Math.floor(Math.max(0, after - start) / seconds) + 1) * seconds
}

const next = (cron: Cron): Schedule => (after) => {
  const found = cron.nextRun(new Date(after * 1000))
  return found ? found.getTime() / 1000 : undefined
}

const invalid = (expression: string, why: string) => new AwsError('ValidationException', `Schedule expression ${expression} is not valid: ${why}`)

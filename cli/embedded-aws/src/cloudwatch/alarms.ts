import { z } from 'zod'
import { scopeOf } from '../arn.ts'
import { AwsError } from '../aws-error.ts'
import type { Clock } from '../clock.ts'
import type { Store } from '../state.ts'
import type { Upstream } from '../upstream.ts'
import { evaluationRange, judge, type AlarmState, type Judging } from './alarm-state.ts'
import type { Metrics } from './metrics.ts'
import { answerQueries, metricQuery, type MetricQuery } from './queries.ts'

/** An alarm was looked at: its state, and the newest value, where there is one. */
export type Evaluation = { arn: string; actions: string[]; state: AlarmState; value: number | undefined }

type Comparison = { words: string; holds: (value: number, threshold: number) => boolean }
const comparisons: Record<string, Comparison> = {
  GreaterThanThreshold: { words: 'greater than', holds: (value, threshold) => value > threshold },
  GreaterThanOrEqualToThreshold: { words: 'greater than or equal to', holds: (value, threshold) => value >= threshold },
  LessThanThreshold: { words: 'less than', holds: (value, threshold) => value < threshold },
  LessThanOrEqualToThreshold: { words: 'less than or equal to', holds: (value, threshold) => value <= threshold },
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html */
const metricAlarm = z.looseObject({
  AlarmName: z.string(),
  AlarmActions: z.array(z.string()).default([]),
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
  Statistic: z.string().optional(),
  ExtendedStatistic: z.string().optional(),
  Period: z.number().default(60),
  Metrics: z.array(metricQuery).optional(),
  EvaluationPeriods: z.number(),
  DatapointsToAlarm: z.number().optional(),
  Threshold: z.number(),
  ComparisonOperator: z.enum(Object.keys(comparisons)),
  TreatMissingData: z.enum(['missing', 'ignore', 'breaching', 'notBreaching']).default('missing'),
  EvaluateLowSampleCountPercentile: z.enum(['evaluate', 'ignore']).default('evaluate'),
})
type MetricAlarm = z.infer<typeof metricAlarm>

/** So young an alarm has no state of its own yet. */
const firstSeconds = 60

/** Seconds of the metrics that an alarm waits for before it has seen its last period. @returns undefined for composite alarms */
export function watchSeconds(asPut: unknown): number | undefined {
  const { data: alarm } = metricAlarm.safeParse(asPut)
  return alarm && periodOf(alarm) * alarm.EvaluationPeriods
}

/** Evaluates alarms on metrics and sets their states; ministack keeps these, tells SNS, and evaluates composite alarms. */
export function createAlarms({ store, metrics, clock, upstream }: { store: Store; metrics: Metrics; clock: Clock; upstream: Upstream }) {
  const seen = new Map<string, { asPut: unknown; since: number; state?: AlarmState }>()
  const listeners = new Set<(evaluation: Evaluation) => void>()

  const evaluate = async (arn: string, asPut: unknown) => {
    const known = seen.get(arn)
    if (!known || known.asPut !== asPut) return void seen.set(arn, { asPut, since: clock.second() })
    const { data: alarm } = metricAlarm.safeParse(asPut)
    if (!alarm || clock.second() < known.since + firstSeconds) return
    const { state = known.state, reason, value } = look(arn, alarm)
    // A state that somebody set stays until the metric says something else than before.
    if (state && state !== known.state) {
      known.state = state
      await upstream.call(scopeOf(arn), 'monitoring', 'SetAlarmState', { AlarmName: alarm.AlarmName, StateValue: state, StateReason: reason })
    }
    if (state) for (const listener of listeners) listener({ arn, actions: alarm.AlarmActions, state, value })
  }

  const look = (arn: string, alarm: MetricAlarm): { state: AlarmState | undefined; reason: string; value: number | undefined } => {
    const judging = judgingOf(alarm)
    const period = periodOf(alarm)
    const step = Math.min(period, 60)
    const until = Math.floor(clock.second() / step) * step
    const starts = Array.from({ length: evaluationRange(judging) }, (_, index) => until - (index + 1) * period)
    const queries = alarm.Metrics ?? [toQuery(alarm)]
    const answers = answerQueries(metrics, scopeOf(arn), queries, starts.at(-1) as number, until)
    const values = answers.get(queries.find(({ ReturnData }) => ReturnData)?.Id ?? '') ?? new Map<number, number>()
    const { holds } = comparisons[alarm.ComparisonOperator] as Comparison
    const points = starts.map((start) => values.get(start))
    const breaching = points.map((value) => (value === undefined ? undefined : holds(value, alarm.Threshold)))
    const state = hasEnough(arn, alarm, starts) ? judge(breaching, judging) : undefined
    return { state, reason: describe(state, alarm, points), value: points[0] }
  }

  /**
   * A percentile of a few samples may be left alone: half of them beyond it are needed, ten times.
   * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
   */
  const hasEnough = (arn: string, { ExtendedStatistic, EvaluateLowSampleCountPercentile, EvaluationPeriods, ...alarm }: MetricAlarm, starts: number[]): boolean => {
    if (!ExtendedStatistic || EvaluateLowSampleCountPercentile === 'evaluate') return true
    const share = Number(ExtendedStatistic.slice(1)) / 100
    const wanted = Math.round(10 / (share >= 0.5 ? 1 - share : share))
    const of = { Namespace: alarm.Namespace ?? '', MetricName: alarm.MetricName ?? '', Dimensions: alarm.Dimensions }
    const counts = starts.slice(0, EvaluationPeriods).map((start) => metrics.read(scopeOf(arn), of, start, start + alarm.Period).count)
    return counts.every((count) => count === 0 || count >= wanted)
  }

  return {
    evaluate: async () => {
      for (const arn of seen.keys()) if (!store.state.alarms[arn]) seen.delete(arn)
      await Promise.all(Object.entries(store.state.alarms).map(([arn, asPut]) => evaluate(arn, asPut).catch(ignoreDeleted)))
    },
    subscribe: (listener: (evaluation: Evaluation) => void) => void listeners.add(listener),
  }
}

function ignoreDeleted(error: unknown): void {
  if (!(error instanceof AwsError)) throw error
}

function toQuery({ Namespace = '', MetricName = '', Dimensions, Statistic, ExtendedStatistic, Period }: MetricAlarm): MetricQuery {
  const Metric = { Namespace, MetricName, Dimensions }
  return { Id: 'alarm', MetricStat: { Metric, Period, Stat: ExtendedStatistic ?? Statistic ?? 'Average' }, ReturnData: true }
}

const periodOf = ({ Metrics, Period }: MetricAlarm) => (Metrics ? Math.max(...Metrics.map((query) => query.MetricStat?.Period ?? query.Period ?? 0)) : Period)

const judgingOf = ({ EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods, TreatMissingData }: MetricAlarm): Judging => ({
  evaluationPeriods: EvaluationPeriods,
  datapointsToAlarm: DatapointsToAlarm,
  treatMissingData: TreatMissingData,
})

/** As CloudWatch words it. */
function describe(state: AlarmState | undefined, alarm: MetricAlarm, points: (number | undefined)[]): string {
  const { Threshold, ComparisonOperator, TreatMissingData, EvaluationPeriods } = alarm
  const { words, holds } = comparisons[ComparisonOperator] as Comparison
  const there = points.filter((value) => value !== undefined).slice(0, EvaluationPeriods)
  const missing = EvaluationPeriods - there.length
  const treated = missing > 0 ? ` ${missing} missing datapoints were treated as [${TreatMissingData}].` : ''
  if (there.length === 0) return `Insufficient Data: no datapoints were received for ${EvaluationPeriods} periods.${treated}`
  const over = there.filter((value) => holds(value, Threshold))
  const shown = state === 'ALARM' ? over : there.filter((value) => !holds(value, Threshold))
  const compared = state === 'ALARM' ? `were ${words}` : `were not ${words}`
  return `Threshold Crossed: ${shown.length} out of the last ${there.length} datapoints [${shown.join(', ')}] ${compared} the threshold (${Threshold}).${treated}`
}

import { z } from 'zod'
import { AwsError, parseOrRefuse } from '../aws-error.ts'
import type { Clock } from '../clock.ts'
import type { Scope } from '../records.ts'
import { addValue, emptyDistribution, isStatistic, statisticOf } from './distribution.ts'
import { compute } from './expression.ts'
import type { Metric, Metrics } from './metrics.ts'

/** An empty list comes as an empty text in the Query protocol. */
const listOf = <T extends z.ZodType>(item: T) => z.preprocess((value) => (value === '' ? [] : value), z.array(item).default([]))
/** A moment is a number of seconds, or a text in the Query protocol. */
const moment = z.union([z.number(), z.string().transform((text) => Date.parse(text) / 1000)])

const dimension = z.object({ Name: z.string(), Value: z.string() })
const metric = z.object({ Namespace: z.string(), MetricName: z.string(), Dimensions: listOf(dimension) })
const statistic = z.string().refine(isStatistic, 'is no statistic that is known here')

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html */
export const metricQuery = z.object({
  Id: z.string(),
  Expression: z.string().optional(),
  MetricStat: z.object({ Metric: metric, Period: z.number(), Stat: statistic }).optional(),
  Label: z.string().optional(),
  Period: z.number().optional(),
  ReturnData: z.boolean().default(true),
})
export type MetricQuery = z.infer<typeof metricQuery>

const inputs = {
  PutMetricData: z.object({
    Namespace: z.string(),
    MetricData: listOf(z.object({
      MetricName: z.string(),
      Dimensions: listOf(dimension),
      Timestamp: moment.optional(),
      Unit: z.string().optional(),
      Value: z.number().optional(),
      Values: listOf(z.number()),
      Counts: listOf(z.number()),
      StatisticValues: z.object({ SampleCount: z.number(), Sum: z.number(), Minimum: z.number(), Maximum: z.number() }).optional(),
    })),
  }),
  GetMetricData: z.object({
    MetricDataQueries: listOf(metricQuery),
    StartTime: moment,
    EndTime: moment,
    ScanBy: z.enum(['TimestampAscending', 'TimestampDescending']).default('TimestampDescending'),
  }),
  GetMetricStatistics: metric.extend({
    StartTime: moment,
    EndTime: moment,
    Period: z.number(),
    Statistics: listOf(statistic),
    ExtendedStatistics: listOf(statistic),
  }),
  ListMetrics: z.object({
    Namespace: z.string().optional(),
    MetricName: z.string().optional(),
    Dimensions: listOf(z.object({ Name: z.string(), Value: z.string().optional() })),
  }),
}

/**
 * Computes what several queries ask of the periods between two of AWS's seconds; what they refer to is among them.
 * @returns for each query its values by the beginnings of their periods
 */
export function answerQueries(metrics: Metrics, scope: Scope, queries: MetricQuery[], from: number, until: number): Map<string, Map<number, number>> {
  const results = new Map<string, Map<number, number>>()
  const shortest = Math.min(...queries.map(periodOf).filter((period) => period !== undefined))
  const answer = (query: MetricQuery): Map<number, number> => {
    const known = results.get(query.Id)
    if (known) return known
    const { Expression, MetricStat } = query
    const period = periodOf(query) ?? shortest
    // Against a circle: whoever names itself finds nothing.
    results.set(query.Id, new Map())
    const byId = (id: string) => {
      const found = queries.find(({ Id }) => Id === id)
      return found && answer(found)
    }
    const values = MetricStat
      ? new Map(metrics.datapoints(scope, MetricStat.Metric, MetricStat.Stat, period, from, until).map(({ at, value }) => [at, value]))
      : compute(Expression ?? '', { byId, period, times: timesBetween(from, until, period) })
    results.set(query.Id, values)
    return values
  }
  for (const query of queries) answer(query)
  return results
}

const periodOf = ({ MetricStat, Period }: MetricQuery) => MetricStat?.Period ?? Period

function timesBetween(from: number, until: number, period: number): number[] {
  const count = Math.ceil((until - from) / period)
  return Array.from({ length: count }, (_, index) => until - (count - index) * period)
}

/** The operations on metrics. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Operations.html */
export function createQueries({ metrics, clock }: { metrics: Metrics; clock: Clock }) {
  /** Whole periods that hold both moments. */
  const range = (start: number, end: number, period: number) => {
    if (end <= start) throw new AwsError('ValidationError', 'The parameter StartTime must be less than the parameter EndTime.')
    return { from: Math.floor(clock.second(start) / period) * period, until: Math.ceil(clock.second(end) / period) * period }
  }

  return {
    PutMetricData: (scope: Scope, raw: unknown) => {
      const { Namespace, MetricData } = parseOrRefuse('ValidationError', inputs.PutMetricData, raw)
      for (const { MetricName, Dimensions, Timestamp, Unit, Value, Values, Counts, StatisticValues: set } of MetricData) {
        const part = emptyDistribution()
        if (Value !== undefined) addValue(part, Value)
        for (const [index, value] of Values.entries()) addValue(part, value, Counts[index])
        const sent = set ? { count: set.SampleCount, sum: set.Sum, min: set.Minimum, max: set.Maximum } : part
        metrics.series(scope, { Namespace, MetricName, Dimensions }, Unit).merge(sent, clock.second(Timestamp))
      }
      return {}
    },

    GetMetricData: (scope: Scope, raw: unknown) => {
      const { MetricDataQueries, StartTime, EndTime, ScanBy } = parseOrRefuse('ValidationError', inputs.GetMetricData, raw)
      const { from, until } = range(StartTime, EndTime, Math.max(...MetricDataQueries.map((query) => periodOf(query) ?? 0), 10))
      const answers = answerQueries(metrics, scope, MetricDataQueries, from, until)
      const MetricDataResults = MetricDataQueries.filter(({ ReturnData }) => ReturnData).map(({ Id, Label, MetricStat }) => {
        const points = [...(answers.get(Id) ?? [])].sort(([a], [b]) => (ScanBy === 'TimestampAscending' ? a - b : b - a))
        const Timestamps = points.map(([at]) => clock.timestamp(at))
        return { Id, Label: Label ?? MetricStat?.Metric.MetricName ?? Id, Timestamps, Values: points.map(([, value]) => value), StatusCode: 'Complete' }
      })
      return { MetricDataResults, Messages: [] }
    },

    GetMetricStatistics: (scope: Scope, raw: unknown) => {
      const { StartTime, EndTime, Period, Statistics, ExtendedStatistics, ...of } = parseOrRefuse('ValidationError', inputs.GetMetricStatistics, raw)
      const { from, until } = range(StartTime, EndTime, Period)
      const Datapoints = timesBetween(from, until, Period).flatMap((at) => {
        const found = metrics.read(scope, of, at, at + Period)
        if (found.count === 0) return []
        const values = (names: string[]) => Object.fromEntries(names.map((name) => [name, statisticOf(found, name)]))
        const extended = ExtendedStatistics.length > 0 ? { ExtendedStatistics: values(ExtendedStatistics) } : {}
        return [{ Timestamp: clock.timestamp(at), Unit: metrics.unitOf(scope, of), ...values(Statistics), ...extended }]
      })
      return { Label: of.MetricName, Datapoints }
    },

    ListMetrics: (scope: Scope, raw: unknown) => {
      const { Namespace, MetricName, Dimensions } = parseOrRefuse('ValidationError', inputs.ListMetrics, raw)
      const has = (found: Metric) =>
        Dimensions.every(({ Name, Value }) => found.Dimensions.some((each) => each.Name === Name && (Value === undefined || each.Value === Value)))
      const fits = (found: Metric) => (!Namespace || found.Namespace === Namespace) && (!MetricName || found.MetricName === MetricName) && has(found)
      return { Metrics: metrics.list(scope).filter(fits) }
    },
  }
}

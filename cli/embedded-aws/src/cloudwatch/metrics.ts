import type { Clock } from '../clock.ts'
import type { Scope } from '../records.ts'
import { addValue, emptyDistribution, merge, statisticOf, type Distribution } from './distribution.ts'

export type Dimension = { Name: string; Value: string }

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Metric.html */
export type Metric = { Namespace: string; MetricName: string; Dimensions: Dimension[] }

/** Takes what is measured, as it is measured. */
export type Series = { add: (value: number, count?: number) => void; merge: (part: Distribution, at: number) => void }

/** A value and when its period began, in AWS's seconds: see `clock.second`. */
export type Datapoint = { at: number; value: number }

type Kept = { scope: Scope; metric: Metric; unit: string; buckets: Map<number, Distribution> }

/** AWS's seconds: the shortest period, and how long values are kept; AWS keeps those of a minute for 15 days. */
const resolution = 10
const keptSeconds = 3 * 3600

export type Metrics = ReturnType<typeof createMetrics>

/** What CloudWatch knows of metrics, in memory: it is gone when the embedded AWS is stopped. */
export function createMetrics(clock: Clock) {
  const all = new Map<string, Kept>()

  const bucketOf = ({ buckets }: Kept, second: number): Distribution => {
    const start = Math.floor(second / resolution) * resolution
    const known = buckets.get(start)
    if (known) return known
    for (const old of buckets.keys()) if (old < start - keptSeconds) buckets.delete(old)
    const made = emptyDistribution()
    buckets.set(start, made)
    return made
  }

  const series = (scope: Scope, metric: Metric, unit = 'None'): Series => {
    const key = keyOf(scope, metric)
    const kept = all.get(key) ?? { scope, metric, unit, buckets: new Map<number, Distribution>() }
    all.set(key, kept)
    return {
      add: (value, count) => addValue(bucketOf(kept, clock.second()), value, count),
      merge: (part, at) => merge(bucketOf(kept, at), part),
    }
  }

  /** What was measured from a second until another one. */
  const read = (scope: Scope, metric: Metric, from: number, until: number): Distribution => {
    const found = emptyDistribution()
    const buckets = all.get(keyOf(scope, metric))?.buckets
    for (let start = Math.floor(from / resolution) * resolution; buckets && start < until; start += resolution) {
      const bucket = buckets.get(start)
      if (bucket) merge(found, bucket)
    }
    return found
  }

  return {
    series,
    read,
    unitOf: (scope: Scope, metric: Metric) => all.get(keyOf(scope, metric))?.unit ?? 'None',
    /** One value for each period that has any, the oldest first; the periods end with `until`. */
    datapoints: (scope: Scope, metric: Metric, statistic: string, period: number, from: number, until: number): Datapoint[] => {
      const count = Math.ceil((until - from) / period)
      return Array.from({ length: count }, (_, index) => until - (count - index) * period).flatMap((at) => {
        const value = statisticOf(read(scope, metric, at, at + period), statistic)
        return value === undefined ? [] : [{ at, value }]
      })
    },
    list: ({ region, account }: Scope): Metric[] =>
      [...all.values()]
        .filter(({ scope, buckets }) => scope.region === region && scope.account === account && buckets.size > 0)
        .map(({ metric }) => metric),
  }
}

const keyOf = ({ region, account }: Scope, { Namespace, MetricName, Dimensions }: Metric) =>
  [region, account, Namespace, MetricName, ...Dimensions.map(({ Name, Value }) => `${Name}=${Value}`).sort()].join(' ')

/** Dimensions as CloudWatch lists them. */
export const dimensions = (values: Record<string, string>): Dimension[] => Object.entries(values).map(([Name, Value]) => ({ Name, Value }))

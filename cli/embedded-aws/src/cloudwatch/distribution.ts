/** What was measured in a stretch of time. `values` is missing where only the statistics were sent: then there are no percentiles. */
export type Distribution = { count: number; sum: number; min: number; max: number; values?: Map<number, number> | undefined }

export const emptyDistribution = (): Distribution => ({ count: 0, sum: 0, min: Infinity, max: -Infinity, values: new Map() })

/** Adds a value that was seen `count` times. */
export function addValue(to: Distribution, value: number, count = 1): void {
  to.count += count
  to.sum += value * count
  if (value < to.min) to.min = value
  if (value > to.max) to.max = value
  to.values?.set(value, (to.values.get(value) ?? 0) + count)
}

/** Adds all of another one. */
export function merge(to: Distribution, { count, sum, min, max, values }: Distribution): void {
  to.count += count
  to.sum += sum
  to.min = Math.min(to.min, min)
  to.max = Math.max(to.max, max)
  if (!values) to.values = undefined
  for (const [value, times] of values ?? []) to.values?.set(value, (to.values.get(value) ?? 0) + times)
}

const basic: Record<string, (of: Distribution) => number> = {
  SampleCount: ({ count }) => count,
  Sum: ({ sum }) => sum,
  Average: ({ sum, count }) => sum / count,
  Minimum: ({ min }) => min,
  Maximum: ({ max }) => max,
}

/** Whether it is one of the statistics that are computed here. */
export const isStatistic = (name: string): boolean => name in basic || /^p(\d{1,2}(\.\d+)?|100)$/.test(name)

/**
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
 * @param name such as `Sum` or `p99.9`
 * @returns undefined where nothing was measured, or a percentile is not known
 */
export function statisticOf(distribution: Distribution, name: string): number | undefined {
  if (distribution.count === 0) return undefined
  return basic[name]?.(distribution) ?? percentile(distribution, Number(name.slice(1)))
}

/** Between two neighbours, the value in proportion. */
function percentile({ values, count }: Distribution, percent: number): number | undefined {
  if (!values) return undefined
  const sorted = [...values].sort(([a], [b]) => a - b)
  const rank = (percent / 100) * (count - 1)
  const low = valueAt(sorted, Math.floor(rank))
  return low + (rank - Math.floor(rank)) * (valueAt(sorted, Math.ceil(rank)) - low)
}

function valueAt(sorted: [value: number, count: number][], index: number): number {
  let seen = 0
  for (const [value, count] of sorted) {
    seen += count
    if (index < seen) return value
  }
  return sorted.at(-1)?.[0] ?? 0
}

import { z } from 'zod'
import type { Scope } from '../records.ts'
import type { Upstream } from '../upstream.ts'
import { readPattern } from './filter-pattern.ts'
import type { Metrics } from './metrics.ts'

const transformation = z.object({ metricNamespace: z.string(), metricName: z.string(), metricValue: z.string(), defaultValue: z.number().optional(), unit: z.string().optional() })
const described = z.object({
  metricFilters: z.array(z.object({ logGroupName: z.string(), filterPattern: z.string().default(''), metricTransformations: z.array(transformation) })),
})
type Filter = { matches: (line: string) => boolean; transformations: z.infer<typeof transformation>[] }

/** How long a filter that was put may go unnoticed, in real time. */
const rememberedMilliseconds = 2000

export type LogFilters = ReturnType<typeof createLogFilters>

/**
 * Makes metrics of log lines as their group's metric filters say. A value that is a field of the line is not read: it counts as one.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
 */
export function createLogFilters({ upstream, metrics }: { upstream: Upstream; metrics: Metrics }) {
  const known = new Map<string, { at: number; filters: Promise<Filter[]> }>()

  const filtersOf = (scope: Scope, logGroupName: string): Promise<Filter[]> => {
    const key = `${scope.region} ${scope.account} ${logGroupName}`
    const found = known.get(key)
    if (found && performance.now() - found.at < rememberedMilliseconds) return found.filters
    const filters = upstream.read(described, scope, 'logs', 'DescribeMetricFilters', { logGroupName }).then(
      ({ metricFilters }) => metricFilters.map(({ filterPattern, metricTransformations }) => ({ matches: readPattern(filterPattern), transformations: metricTransformations })),
      () => [],
    )
    known.set(key, { at: performance.now(), filters })
    return filters
  }

  /** Takes the lines that were just sent to a group. */
  return async (scope: Scope, logGroupName: string, lines: string[]): Promise<void> => {
    for (const { matches, transformations } of await filtersOf(scope, logGroupName)) {
      const count = lines.filter(matches).length
      for (const { metricNamespace: Namespace, metricName: MetricName, metricValue, defaultValue, unit } of transformations) {
        const series = metrics.series(scope, { Namespace, MetricName, Dimensions: [] }, unit)
        if (count > 0) series.add(Number(metricValue) || 1, count)
        if (count < lines.length && defaultValue !== undefined) series.add(defaultValue, lines.length - count)
      }
    }
  }
}

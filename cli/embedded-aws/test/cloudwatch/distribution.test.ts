import t from 'tap'
import { addValue, emptyDistribution, isStatistic, merge, statisticOf } from '../../src/cloudwatch/distribution.ts'

t.test('statistics, of values and of what others counted', async (t) => {
  const one = emptyDistribution()
  for (const value of [5, 1, 4]) addValue(one, value)
  const other = emptyDistribution()
  addValue(other, 2, 7)
  merge(one, other)
  const names = ['SampleCount', 'Sum', 'Average', 'Minimum', 'Maximum', 'p0', 'p50', 'p100']
  t.same(names.map((name) => statisticOf(one, name)), [10, 24, 2.4, 1, 5, 1, 2, 5])
  t.equal(statisticOf(one, 'p95')?.toFixed(2), '4.55', 'between two neighbours in proportion')
  merge(one, { count: 2, sum: 20, min: 10, max: 10 })
  t.equal(statisticOf(one, 'Average'), 44 / 12)
  t.equal(statisticOf(one, 'p50'), undefined, 'of statistics alone there are no percentiles')
  t.equal(statisticOf(emptyDistribution(), 'Sum'), undefined, 'nothing was measured')
  t.same(['p99.9', 'p100', 'Sum', 'tm90', 'p101', 'median'].map(isStatistic), [true, true, true, false, false, false])
})

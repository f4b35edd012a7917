// What load balancers do is measured, asked for, and watched by alarms. Servers of the test's own are the targets.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch'
import t from 'tap'
import { createClock } from '../../src/clock.ts'
import { createLogFilters } from '../../src/cloudwatch/log-filters.ts'
import { createMetrics } from '../../src/cloudwatch/metrics.ts'
import { scope, startEcs } from '../support/ecs.ts'
import { callQuery } from '../support/aws-calls.ts'
import { serveTarget, targetCalls } from '../support/targets.ts'
import { waitFor } from '../support/wait-for.ts'

/** A minute passes in two seconds. */
const speed = 30
const ecs = await startEcs(t, { speed })
const cloudwatch = new CloudWatchClient(ecs.clientOptions)
const { register, waitForHealth } = targetCalls(ecs)

const balancer = await ecs.createBalancer('measured', { HealthCheckIntervalSeconds: 300, HealthCheckTimeoutSeconds: 120 })
const target = await serveTarget(t, 'target', (req, res) => {
  const status = Number(/^\/status\/(\d+)/.exec(req.url ?? '')?.[1])
  if (status) setTimeout(() => res.writeHead(status).end(), status === 404 ? 200 : 0)
})
await register(balancer.targetGroupArn, target)
await waitForHealth(balancer.targetGroupArn, target, 'healthy')

const LoadBalancer = { Name: 'LoadBalancer', Value: balancer.loadBalancerArn.split(':loadbalancer/')[1] as string }
const TargetGroup = { Name: 'TargetGroup', Value: balancer.targetGroupArn.split(':').at(-1) as string }
const ask = async (path: string) => (await fetch(`${balancer.url}${path}`)).text()
const since = () => ({ StartTime: new Date(Date.now() - 60_000), EndTime: new Date(Date.now() + 1000) })

/** A statistic of all that was ever measured of the load balancer and, unless it has none, its target group. */
async function measured(MetricName: string, Stat: string, Dimensions = [LoadBalancer, TargetGroup]): Promise<number | undefined> {
  const Metric = { Namespace: 'AWS/ApplicationELB', MetricName, Dimensions }
  const query = { Id: 'asked', MetricStat: { Metric, Stat, Period: 3600 } }
  const { MetricDataResults: [found] = [] } = await cloudwatch.send(new GetMetricDataCommand({ MetricDataQueries: [query], ...since() }))
  return found?.Values?.[0]
}

t.test('requests, answers, response times, hosts', async (t) => {
  await Promise.all([...Array.from({ length: 8 }, () => ask('/status/200')), ask('/status/404'), ask('/status/503')])
  t.equal(await measured('RequestCount', 'Sum'), 10)
  t.equal(await measured('RequestCount', 'Sum', [LoadBalancer]), 10)
  t.equal(await measured('RequestCountPerTarget', 'Sum', [TargetGroup]), 10)
  const codes = [2, 3, 4, 5].map((hundreds) => measured(`HTTPCode_Target_${hundreds}XX_Count`, 'Sum'))
  t.same(await Promise.all(codes), [8, undefined, 1, 1])
  t.ok(Number(await measured('TargetResponseTime', 'p99')) > 0.15, 'one of ten takes 0.2 s')
  t.ok(Number(await measured('TargetResponseTime', 'Minimum')) < Number(await measured('TargetResponseTime', 'p99')))
  await waitFor('hosts are counted', async () => (await measured('HealthyHostCount', 'Maximum')) === 1)
  t.equal(await measured('UnHealthyHostCount', 'Maximum'), 0)
  t.ok(Number(await measured('NewConnectionCount', 'Sum', [LoadBalancer])) > 0)
})

t.test('what the load balancer answers itself', async (t) => {
  const { url, loadBalancerArn } = await ecs.createBalancer('empty')
  t.equal((await fetch(url)).status, 503)
  const of = [{ Name: 'LoadBalancer', Value: loadBalancerArn.split(':loadbalancer/')[1] as string }]
  t.equal(await measured('HTTPCode_ELB_5XX_Count', 'Sum', of), 1)
  t.equal(await measured('HTTPCode_ELB_503_Count', 'Sum', of), 1)
  t.equal(await measured('RequestCount', 'Sum', of), undefined, 'no target was chosen')
  const { Metrics = [] } = await cloudwatch.send(new ListMetricsCommand({ Namespace: 'AWS/ApplicationELB', Dimensions: [TargetGroup] }))
  const names = new Set(Metrics.map(({ MetricName }) => MetricName))
  t.ok(names.has('TargetResponseTime') && !names.has('HTTPCode_ELB_5XX_Count'))
})

t.test('metrics of anybody, and metric math', async (t) => {
  const Timestamp = new Date()
  const MetricData = [
    { MetricName: 'Jobs', Values: [1, 2, 3], Counts: [1, 1, 8], Timestamp, Unit: 'Count' as const },
    { MetricName: 'Failed', StatisticValues: { SampleCount: 2, Sum: 5, Minimum: 1, Maximum: 4 }, Timestamp },
  ]
  await cloudwatch.send(new PutMetricDataCommand({ Namespace: 'Tests', MetricData }))
  const of = { Namespace: 'Tests', MetricName: 'Jobs', Period: 60, ...since() }
  const { Datapoints } = await cloudwatch.send(
    new GetMetricStatisticsCommand({ ...of, Statistics: ['Sum', 'SampleCount'], ExtendedStatistics: ['p50'] }),
  )
  t.match(Datapoints, [{ Sum: 27, SampleCount: 10, ExtendedStatistics: { p50: 3 }, Unit: 'Count', Timestamp: Date }])
  const stat = (MetricName: string) => ({ Metric: { Namespace: 'Tests', MetricName }, Stat: 'Sum', Period: 60 })
  const MetricDataQueries = [
    { Id: 'share', Expression: '100 * failed / jobs', Label: 'Failed' },
    { Id: 'failed', MetricStat: stat('Failed'), ReturnData: false },
    { Id: 'jobs', MetricStat: stat('Jobs'), ReturnData: false },
  ]
  const { MetricDataResults } = await cloudwatch.send(new GetMetricDataCommand({ MetricDataQueries, ...since() }))
  t.match(MetricDataResults, [{ Id: 'share', Label: 'Failed', Values: [500 / 27], Timestamps: [Date], StatusCode: 'Complete' }])
  t.equal(MetricDataResults?.length, 1)

  const input = { Action: 'GetMetricStatistics', Version: '2010-08-01', Namespace: 'Tests', MetricName: 'Jobs', Period: '60', 'Statistics.member.1': 'Maximum' }
  const { StartTime, EndTime } = since()
  const xml = await callQuery({ ...ecs, client: ecs.clientOptions }, 'monitoring', { ...input, StartTime: StartTime.toISOString(), EndTime: EndTime.toISOString() })
  t.match(xml, /<Datapoints><member><Timestamp>\d{4}-[^<]*Z<\/Timestamp><Unit>Count<\/Unit><Maximum>3<\/Maximum><\/member><\/Datapoints>/, 'the Query protocol')
  await t.rejects(cloudwatch.send(new GetMetricStatisticsCommand({ ...of, ExtendedStatistics: ['tm90'] })), { name: 'ValidationException' })
})

t.test('log lines that a metric filter matches', async (t) => {
  const logGroupName = '/ecs/lines'
  await ecs.createLogGroup(logGroupName)
  const metricTransformations = [{ metricNamespace: 'Tests', metricName: 'LogErrors', metricValue: '1', defaultValue: 0 }]
  const filter = { logGroupName, filterName: 'errors', filterPattern: '{ $.level = "error" }', metricTransformations }
  await ecs.upstream.call(scope, 'logs', 'PutMetricFilter', filter)
  const clock = createClock()
  const metrics = createMetrics(clock)
  const take = createLogFilters({ upstream: ecs.upstream, metrics })
  await take(scope, logGroupName, ['{"level":"error"}', '{"level":"info"}', 'plain'])
  await take(scope, '/ecs/no-such-group', ['{"level":"error"}'])
  const found = metrics.read(scope, { Namespace: 'Tests', MetricName: 'LogErrors', Dimensions: [] }, clock.second() - 60, clock.second() + 60)
  t.match(found, { sum: 1, count: 3 })
})

t.test('an alarm goes on with the load and off after it', async (t) => {
  const AlarmName = 'errors'
  const state = async () => (await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: [AlarmName] }))).MetricAlarms?.[0]
  const stat = (MetricName: string) => ({ Stat: 'Sum', Period: 60, Metric: { Namespace: 'AWS/ApplicationELB', MetricName, Dimensions: [LoadBalancer, TargetGroup] } })
  const Metrics = [
    { Id: 'share', Expression: 'IF(requests >= 5, 100 * FILL(errors, 0) / requests, 0)' },
    { Id: 'errors', MetricStat: stat('HTTPCode_Target_5XX_Count'), ReturnData: false },
    { Id: 'requests', MetricStat: stat('RequestCount'), ReturnData: false },
  ]
  const rule = { EvaluationPeriods: 2, Threshold: 20, ComparisonOperator: 'GreaterThanThreshold' as const, TreatMissingData: 'notBreaching' }
  await cloudwatch.send(new PutMetricAlarmCommand({ AlarmName, Metrics, ...rule }))
  t.equal((await state())?.StateValue, 'INSUFFICIENT_DATA')
  await waitFor('the alarm is OK', async () => (await state())?.StateValue === 'OK')
  const load = setInterval(() => void ask(Math.random() < 0.5 ? '/status/500' : '/status/200').catch(() => undefined), 50)
  t.teardown(() => clearInterval(load))
  const on = await waitFor('the alarm is on', async () => {
    const found = await state()
    return found?.StateValue === 'ALARM' && found
  })
  t.match(on.StateReason, /^Threshold Crossed: 2 out of the last 2 datapoints \[[\d., ]+\] were greater than the threshold \(20\)\.$/)
  clearInterval(load)
  const off = await waitFor('the alarm is off again', async () => {
    const found = await state()
    return found?.StateValue === 'OK' && found
  })
  t.match(off.StateReason, /were not greater than the threshold \(20\)/)
})

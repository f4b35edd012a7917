// An alarm is described as it was put, whatever protocol either of the two comes in.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html
import t from 'tap'
import { callCbor, callJson, callQuery } from '../support/aws-calls.ts'
import { startEmbeddedAws } from '../support/embedded-aws.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('ministack')

const aws = await startEmbeddedAws({ tasksAre: 'processes' })
t.teardown(aws.stop)

const json = (action: string, input: object) => callJson(aws, 'monitoring', `GraniteServiceVersion20100801.${action}`, input)
const query = (Action: string, input: Record<string, string>) => callQuery(aws, 'monitoring', { Action, Version: '2010-08-01', ...input })
const cbor = (action: string, input: object) => callCbor(aws, 'monitoring', `/service/GraniteServiceVersion20100801/operation/${action}`, input)

const action = 'arn:aws:sns:us-east-1:000000000000:operators'
const alarm = {
  AlarmName: 'cpu',
  AlarmDescription: 'true <ly> & high',
  ActionsEnabled: true,
  AlarmActions: [action],
  OKActions: [],
  InsufficientDataActions: [action],
  MetricName: 'CPUUtilization',
  Namespace: 'AWS/ECS',
  ExtendedStatistic: 'p99.9',
  Dimensions: [
    { Name: 'ClusterName', Value: 'web' },
    { Name: 'ServiceName', Value: '1' },
  ],
  Period: 60,
  EvaluationPeriods: 3,
  DatapointsToAlarm: 2,
  Threshold: 85.5,
  ComparisonOperator: 'GreaterThanThreshold',
  TreatMissingData: 'notBreaching',
  EvaluateLowSampleCountPercentile: 'ignore',
}
const asQuery = {
  AlarmName: 'cpu',
  AlarmDescription: 'true <ly> & high',
  ActionsEnabled: 'true',
  'AlarmActions.member.1': action,
  OKActions: '',
  'InsufficientDataActions.member.1': action,
  MetricName: 'CPUUtilization',
  Namespace: 'AWS/ECS',
  ExtendedStatistic: 'p99.9',
  'Dimensions.member.1.Name': 'ClusterName',
  'Dimensions.member.1.Value': 'web',
  'Dimensions.member.2.Name': 'ServiceName',
  'Dimensions.member.2.Value': '1',
  Period: '60',
  EvaluationPeriods: '3',
  DatapointsToAlarm: '2',
  Threshold: '85.5',
  ComparisonOperator: 'GreaterThanThreshold',
  TreatMissingData: 'notBreaching',
  EvaluateLowSampleCountPercentile: 'ignore',
  'Tags.member.1.Key': 'team',
  'Tags.member.1.Value': 'web',
}

const puts = {
  Query: () => query('PutMetricAlarm', asQuery),
  JSON: () => json('PutMetricAlarm', { ...alarm, Tags: [{ Key: 'team', Value: 'web' }] }),
  CBOR: () => cbor('PutMetricAlarm', { ...alarm, Tags: [{ Key: 'team', Value: 'web' }] }),
}

for (const [protocol, put] of Object.entries(puts)) {
  t.test(`put by ${protocol}, described by all`, async (t) => {
    await put()
    const [described] = (await json('DescribeAlarms', { AlarmNames: ['cpu'] })).MetricAlarms
    t.match(described, { ...alarm, StateValue: 'INSUFFICIENT_DATA', StateUpdatedTimestamp: Number })
    t.notOk('Statistic' in described, 'nothing is added')
    t.notOk('Tags' in described)
    const arn = { ResourceARN: described.AlarmArn }
    t.same((await json('ListTagsForResource', arn)).Tags, [{ Key: 'team', Value: 'web' }])

    const { MetricAlarms } = await cbor('DescribeAlarms', { AlarmNames: ['cpu'] })
    t.match(MetricAlarms, [{ ...alarm, StateUpdatedTimestamp: { tag: 1, value: Number } }])

    const xml = await query('DescribeAlarms', { 'AlarmNames.member.1': 'cpu' })
    t.match(xml, /^<DescribeAlarmsResponse><DescribeAlarmsResult><MetricAlarms><member>.*<\/DescribeAlarmsResponse>$/)
    const dimensions = '<Dimensions><member><Name>ClusterName</Name><Value>web</Value></member><member><Name>ServiceName</Name><Value>1</Value></member></Dimensions>'
    for (const part of [
      '<AlarmDescription>true &lt;ly&gt; &amp; high</AlarmDescription>',
      `<AlarmActions><member>${action}</member></AlarmActions><OKActions></OKActions><InsufficientDataActions><member>${action}</member></InsufficientDataActions>`,
      dimensions,
      '<Period>60</Period>',
      '<Threshold>85.5</Threshold>',
      '<ActionsEnabled>true</ActionsEnabled>',
      '<ExtendedStatistic>p99.9</ExtendedStatistic>',
    ]) {
      t.match(xml, part)
    }
    t.match(xml, /<StateUpdatedTimestamp>\d{4}-\d\d-\d\dT[\d:.]+Z<\/StateUpdatedTimestamp>/)
    await query('DeleteAlarms', { 'AlarmNames.member.1': 'cpu' })
    t.same((await json('DescribeAlarms', { AlarmNames: ['cpu'] })).MetricAlarms, [])
  })
}

t.test('what is computed of several metrics is kept; the state goes on', async (t) => {
  const metric = { Namespace: 'AWS/ApplicationELB', MetricName: 'HTTPCode_Target_5XX_Count' }
  const Metrics = [
    { Id: 'rate', Expression: 'errors / 60', ReturnData: true },
    { Id: 'errors', MetricStat: { Metric: metric, Period: 60, Stat: 'Sum' }, ReturnData: false },
  ]
  const { Period: _period, MetricName: _name, Namespace: _space, ExtendedStatistic: _statistic, Dimensions: _dimensions, ...rest } = alarm
  await json('PutMetricAlarm', { ...rest, AlarmName: 'rate', Metrics })
  const [described] = (await json('DescribeAlarms', { AlarmNames: ['rate'] })).MetricAlarms
  t.same(described.Metrics, Metrics)
  t.notOk('Period' in described)
  await query('DisableAlarmActions', { 'AlarmNames.member.1': 'rate' })
  await query('SetAlarmState', { AlarmName: 'rate', StateValue: 'ALARM', StateReason: 'a test' })
  t.match((await json('DescribeAlarms', { AlarmNames: ['rate'] })).MetricAlarms, [{ ActionsEnabled: false, StateValue: 'ALARM', StateReason: 'a test', Metrics }])
  await aws.restart()
  t.match((await json('DescribeAlarms', { AlarmNames: ['rate'] })).MetricAlarms, [{ Metrics }], 'also after a restart')
})

t.test('refusals, in each protocol', async (t) => {
  t.match(await json('DescribeAlarms', { MaxRecords: 101 }), { __type: 'ValidationError', message: /Member must have value less than/ })
  t.match(await query('DescribeAlarms', { MaxRecords: '101' }), /^<ErrorResponse><Error><Type>Sender<\/Type><Code>ValidationError<\/Code>/)
  t.match(await cbor('DescribeAlarms', { MaxRecords: 101 }), { __type: 'ValidationError' })
  t.match(await json('PutMetricAlarm', {}), { __type: 'ValidationError', message: /at 'alarmName' failed to satisfy constraint: Member must not be null/ })
})

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
import t from 'tap'
import { judge } from '../../src/cloudwatch/alarm-state.ts'

const treatments = ['missing', 'ignore', 'breaching', 'notBreaching'] as const

/** @param points as AWS's tables write them, the oldest first: X passes the threshold, 0 does not, - is missing */
function judgeAll(points: string, [datapointsToAlarm, evaluationPeriods]: [number, number]) {
  const newestFirst = [...points].reverse().map((point) => (point === '-' ? undefined : point === 'X'))
  return treatments.map((treatMissingData) => judge(newestFirst, { datapointsToAlarm, evaluationPeriods, treatMissingData }) ?? 'stays')
}

t.test('three of three', async (t) => {
  const three: [number, number] = [3, 3]
  t.same(judgeAll('0-X-X', three), ['OK', 'OK', 'OK', 'OK'], 'gaps are bridged by older points')
  t.same(judgeAll('----0', three), ['OK', 'OK', 'OK', 'OK'])
  t.same(judgeAll('-----', three), ['INSUFFICIENT_DATA', 'stays', 'ALARM', 'OK'])
  t.same(judgeAll('0XX-X', three), ['ALARM', 'ALARM', 'ALARM', 'ALARM'])
  t.same(judgeAll('--X--', three), ['ALARM', 'stays', 'ALARM', 'OK'], 'an old point alone')
  t.same(judgeAll('----X', three), ['stays', 'stays', 'ALARM', 'OK'], 'a new point alone is no alarm yet')
  t.same(judgeAll('XXX00', three), ['OK', 'OK', 'OK', 'OK'], 'what is over is over')
})

t.test('two of three', async (t) => {
  const two: [number, number] = [2, 3]
  t.same(judgeAll('0-X-X', two), ['ALARM', 'ALARM', 'ALARM', 'ALARM'])
  t.same(judgeAll('00X0X', two), ['ALARM', 'ALARM', 'ALARM', 'ALARM'])
  t.same(judgeAll('0-X--', two), ['OK', 'OK', 'ALARM', 'OK'])
  t.same(judgeAll('----0', two), ['OK', 'OK', 'ALARM', 'OK'])
  t.same(judgeAll('---X-', two), ['ALARM', 'stays', 'ALARM', 'OK'])
})

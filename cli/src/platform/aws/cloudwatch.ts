import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch'
import { clientDefaults, doing, timedCallOptions } from './client.ts'

/** `state`: OK, ALARM or INSUFFICIENT_DATA. */
export type Alarm = { name: string; state: string; reason: string | null }

/** @throws CliError `unavailable` */
export async function describeAlarms(names: string[], region: string): Promise<Alarm[]> {
  if (names.length === 0) return []
  const asked = new CloudWatchClient(clientDefaults(region)).send(new DescribeAlarmsCommand({ AlarmNames: names }), timedCallOptions())
  const { MetricAlarms = [], CompositeAlarms = [] } = await doing('read the alarms', asked, 'cloudwatch:DescribeAlarms')
  return [...MetricAlarms, ...CompositeAlarms].map(({ AlarmName: name = '', StateValue: state = 'INSUFFICIENT_DATA', StateReason: reason = null }) => ({ name, state, reason }))
}

import { z } from 'zod'
import { parseOrRefuse } from '../aws-error.ts'
import type { Clock } from '../clock.ts'
import { cloudwatch } from '../models/model.ts'
import { requireValid } from '../models/validate.ts'
import type { Metrics } from './metrics.ts'
import { createQueries } from './queries.ts'
import type { Scope } from '../records.ts'
import type { Store } from '../state.ts'
import type { Upstream } from '../upstream.ts'

/** The operations that are answered here. */
export const answered = ['PutMetricData', 'GetMetricData', 'GetMetricStatistics', 'ListMetrics'] as const
const isAnswered = (action: string): action is (typeof answered)[number] => (answered as readonly string[]).includes(action)

/** The operations whose answers are completed; the others are passed on. */
export const completed = ['PutMetricAlarm', 'PutCompositeAlarm', 'DescribeAlarms', 'DescribeAlarmsForMetric', 'DeleteAlarms'] as const
const isCompleted = (action: string): action is (typeof completed)[number] => (completed as readonly string[]).includes(action)

const list = z.array(z.unknown()).default([])

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html */
const alarmInput = z.looseObject({
  AlarmName: z.string(),
  AlarmActions: list,
  OKActions: list,
  InsufficientDataActions: list,
  Tags: z.unknown().optional(),
})
const metricAlarmInput = alarmInput.extend({ Dimensions: list })
const deletion = z.object({ AlarmNames: z.array(z.string()) })

/** What ministack decides of an alarm; all else is as it was put. */
const decided = z.object({
  AlarmArn: z.string(),
  StateValue: z.string(),
  StateReason: z.string().optional(),
  StateReasonData: z.string().optional(),
  StateUpdatedTimestamp: z.unknown().optional(),
  StateTransitionedTimestamp: z.unknown().optional(),
  AlarmConfigurationUpdatedTimestamp: z.unknown().optional(),
  ActionsEnabled: z.boolean(),
})
const alarm = z.looseObject({ AlarmArn: z.string() })
const described = z.looseObject({ MetricAlarms: z.array(alarm).optional(), CompositeAlarms: z.array(alarm).optional() })

type Options = { upstream: Upstream; store: Store; metrics: Metrics; clock: Clock }

export type Cloudwatch = ReturnType<typeof createCloudwatch>

/** Of Amazon CloudWatch the gateway answers what is asked of metrics; the rest is ministack's, of whose alarms it keeps what ministack forgets. */
export function createCloudwatch({ upstream, store, metrics, clock }: Options) {
  const { alarms } = store.state
  const ask = (scope: Scope, action: string, input: unknown) => upstream.read(z.unknown(), scope, 'monitoring', action, input)
  const arnOf = ({ region, account }: Scope, name: string) => `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`

  const put = (schema: typeof alarmInput) => async (scope: Scope, action: string, input: unknown) => {
    const { Tags, ...asPut } = parseOrRefuse('ValidationError', schema, input)
    const answer = await ask(scope, action, { ...asPut, Tags })
    alarms[arnOf(scope, asPut.AlarmName)] = asPut
    store.save()
    return answer
  }
  const complete = (kept: z.infer<typeof alarm>) => {
    const asPut = alarms[kept.AlarmArn]
    return asPut ? { ...asPut, ...decided.parse(kept) } : kept
  }
  const describe = async (scope: Scope, action: string, input: unknown) => {
    const { MetricAlarms, CompositeAlarms, ...rest } = described.parse(await ask(scope, action, input))
    return { ...rest, MetricAlarms: MetricAlarms?.map(complete), CompositeAlarms: CompositeAlarms?.map(complete) }
  }
  const remove: typeof ask = async (scope, action, input) => {
    const answer = await ask(scope, action, input)
    for (const name of parseOrRefuse('ValidationError', deletion, input).AlarmNames) delete alarms[arnOf(scope, name)]
    store.save()
    return answer
  }
  const queries: Record<(typeof answered)[number], (scope: Scope, input: unknown) => object> = createQueries({ metrics, clock })
  const own: Record<(typeof completed)[number], typeof ask> = {
    PutMetricAlarm: put(metricAlarmInput),
    PutCompositeAlarm: put(alarmInput),
    DescribeAlarms: describe,
    DescribeAlarmsForMetric: describe,
    DeleteAlarms: remove,
  }

  const answer = async (scope: Scope, action: string, input: unknown): Promise<unknown> => {
    requireValid(cloudwatch, action, input, 'ValidationError')
    if (isAnswered(action)) return queries[action](scope, input)
    return (isCompleted(action) ? own[action] : ask)(scope, action, input)
  }
  return {
    answer,
    /** Makes an alarm for another service. @returns its ARN */
    putAlarm: async (scope: Scope, alarm: z.input<typeof metricAlarmInput>): Promise<string> => {
      await put(metricAlarmInput)(scope, 'PutMetricAlarm', alarm)
      return arnOf(scope, alarm.AlarmName)
    },
    deleteAlarms: async (scope: Scope, AlarmNames: string[]): Promise<void> => void (await remove(scope, 'DeleteAlarms', { AlarmNames })),
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import { AwsError, parseOrRefuse } from '../aws-error.ts'
import type { Clock } from '../clock.ts'
import type { Metrics } from './metrics.ts'
import { readCall, type QueryTypes } from './protocols.ts'
import { createQueries } from './queries.ts'
import type { Scope } from '../records.ts'
import type { Store } from '../state.ts'
import type { Upstream } from '../upstream.ts'

const queryTypes: QueryTypes = {
  namespace: 'http://monitoring.amazonaws.com/doc/2010-08-01/',
  numbers:
    /(?:^|\.)(?:Period|EvaluationPeriods|DatapointsToAlarm|Threshold|MaxRecords|MaxDatapoints|StorageResolution|SampleCount|Sum|Minimum|Maximum|ActionsSuppressor\w+Period)$|^MetricData\.member\.\d+\.(?:Value|Values\.member\.\d+|Counts\.member\.\d+)$/,
  booleans: /(?:^|\.)(?:ActionsEnabled|ReturnData)$/,
}

/** An empty list comes as an empty text in the Query protocol. */
const list = z.preprocess((value) => (value === '' ? [] : value), z.array(z.unknown()).default([]))

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

/**
 * Of Amazon CloudWatch the gateway answers what is asked of metrics. The rest is ministack's, which speaks only its JSON
 * whole: the gateway translates the other protocols, and keeps of alarms what ministack forgets.
 */
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
  const queries = createQueries({ metrics, clock })
  const own: Record<string, typeof ask> = {
    ...Object.fromEntries(Object.entries(queries).map(([action, query]) => [action, async (scope: Scope, _action: string, input: unknown) => query(scope, input)])),
    PutMetricAlarm: put(metricAlarmInput),
    PutCompositeAlarm: put(alarmInput),
    DescribeAlarms: describe,
    DescribeAlarmsForMetric: describe,
    DeleteAlarms: remove,
  }

  const handle = async (scope: Scope, req: IncomingMessage, body: Buffer, res: ServerResponse): Promise<void> => {
    const call = readCall({ url: req.url ?? '', headers: req.headers, body }, queryTypes)
    const handler = own[call.action] ?? ask
    const answer = await handler(scope, call.action, call.input).then(call.answer, (error: unknown) => {
      if (error instanceof AwsError) return call.refuse(error)
      throw error
    })
    res.writeHead(answer.status, answer.headers).end(answer.body)
  }
  return {
    handle,
    /** Makes an alarm for another service. @returns its ARN */
    putAlarm: async (scope: Scope, alarm: z.input<typeof metricAlarmInput>): Promise<string> => {
      await put(metricAlarmInput)(scope, 'PutMetricAlarm', alarm)
      return arnOf(scope, alarm.AlarmName)
    },
    deleteAlarms: async (scope: Scope, AlarmNames: string[]): Promise<void> => void (await remove(scope, 'DeleteAlarms', { AlarmNames })),
  }
}

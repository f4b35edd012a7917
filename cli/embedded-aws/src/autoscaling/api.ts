import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { AwsError } from '../aws-error.ts'
import { ecsArn, scopeOf } from '../arn.ts'
import { now } from '../clock.ts'
import type { Cloudwatch } from '../cloudwatch/api.ts'
import type { DeploymentController } from '../deployments/controller.ts'
import { applicationAutoscaling } from '../models/model.ts'
import { requireValid } from '../models/validate.ts'
import type { ScalableTarget, ScalingPolicy, Scope } from '../records.ts'
import type { Store } from '../state.ts'
import { parseInput } from '../ecs/schemas.ts'
import type { createScaler } from './scaler.ts'
import { createScheduledActions } from './scheduled-actions.ts'
import { alarmsFor, readTracking } from './target-tracking.ts'

const named = z.object({ ServiceNamespace: z.string(), ResourceId: z.string(), ScalableDimension: z.string() })
const target = z.looseObject({ ...named.shape, MinCapacity: z.int().optional(), MaxCapacity: z.int().optional() })
const policy = z.looseObject({ ...named.shape, PolicyName: z.string() })
const tags = z.record(z.string(), z.string())
const filter = z.object({
  ServiceNamespace: z.string(),
  ResourceIds: z.array(z.string()).optional(),
  ResourceId: z.string().optional(),
  ScalableDimension: z.string().optional(),
  PolicyNames: z.array(z.string()).optional(),
})
const noSuspension = { DynamicScalingInSuspended: false, DynamicScalingOutSuspended: false, ScheduledScalingSuspended: false }

/** The operations that are answered. */
export const answered = [
  'RegisterScalableTarget', 'DescribeScalableTargets', 'DeregisterScalableTarget', 'PutScalingPolicy', 'DescribeScalingPolicies',
  'DeleteScalingPolicy', 'PutScheduledAction', 'DescribeScheduledActions', 'DeleteScheduledAction', 'DescribeScalingActivities', 'ListTagsForResource', 'TagResource', 'UntagResource',
] as const
type Action = (typeof answered)[number]
const isAnswered = (action: string): action is Action => (answered as readonly string[]).includes(action)

type Options = { store: Store; deployments: DeploymentController; cloudwatch: Cloudwatch; scaler: ReturnType<typeof createScaler> }

/**
 * Application Auto Scaling: targets, policies and tags are kept, schedules act, and the scaler acts on the alarms that target
 * tracking policies make.
 * https://docs.aws.amazon.com/autoscaling/application/APIReference/API_Operations.html
 */
export function createAutoscaling({ store, deployments, cloudwatch, scaler }: Options) {
  const { targets, policies } = store.state.scaling
  const scheduled = createScheduledActions({
    store,
    setLimits: (target, limits) => {
      Object.assign(target, limits)
      hold(scopeOf(target.ScalableTargetARN), target)
    },
  })

  const calls: Record<Action, (scope: Scope, input: unknown) => object | Promise<object>> = {
    RegisterScalableTarget: (scope, raw) => {
      const { Tags = {}, ...input } = parse(target.extend({ Tags: tags.optional() }), raw)
      const key = keyOf(scope, input)
      const known = targets[key]
      if (!known && (input.MinCapacity === undefined || input.MaxCapacity === undefined)) {
        throw new AwsError('ValidationException', 'MinCapacity and MaxCapacity are required to register a new scalable target.')
      }
      const record = { ...(known ?? newTarget(scope, Tags)), ...input } as ScalableTarget
      targets[key] = record
      hold(scope, record)
      return { ScalableTargetARN: record.ScalableTargetARN }
    },
    DescribeScalableTargets: (scope, raw) => ({ ScalableTargets: select(targets, scope, parse(filter, raw)) }),
    DeregisterScalableTarget: async (scope, raw) => {
      const input = parse(named, raw)
      remove(targets, keyOf(scope, input), 'scalable target')
      for (const key of Object.keys(policies)) if (key.startsWith(`${keyOf(scope, input)} `)) await forget(scope, key)
      scheduled.forget(keyOf(scope, input))
      return {}
    },
    PutScalingPolicy: async (scope, raw) => {
      const input = parse(policy, raw)
      if (!targets[keyOf(scope, input)]) throw notFound('scalable target', keyOf(scope, input))
      const key = `${keyOf(scope, input)} ${input.PolicyName}`
      const arn = `arn:aws:autoscaling:${scope.region}:${scope.account}:scalingPolicy:${randomUUID()}:resource/${input.ServiceNamespace}/${input.ResourceId}:policyName/${input.PolicyName}`
      const before = policies[key]
      const after: ScalingPolicy = { PolicyType: 'StepScaling', PolicyARN: arn, CreationTime: now(), ...before, ...input, Alarms: [] }
      after.Alarms = await makeAlarms(scope, after)
      await removeAlarms(scope, before)
      policies[key] = after
      return { PolicyARN: after.PolicyARN, Alarms: after.Alarms }
    },
    DescribeScalingPolicies: (scope, raw) => ({ ScalingPolicies: select(policies, scope, parse(filter, raw)) }),
    DeleteScalingPolicy: async (scope, raw) => {
      const input = parse(policy, raw)
      const key = `${keyOf(scope, input)} ${input.PolicyName}`
      if (!policies[key]) throw notFound('scaling policy', key)
      await forget(scope, key)
      return {}
    },
    ...scheduled.calls,
    DescribeScalingActivities: (scope, raw) => {
      scaler.settle()
      const mine = store.state.scaling.activities.filter(({ own }) => isIn(scope, own.targetArn))
      const found = mine.map((activity, index) => [`${scope.region} ${scope.account} ${index}`, activity] as const)
      return { ScalingActivities: select(Object.fromEntries(found), scope, parse(filter, raw)) }
    },
    ListTagsForResource: (_, raw) => ({ Tags: byArn(raw).own.tags }),
    TagResource: (_, raw) => {
      Object.assign(byArn(raw).own.tags, parse(z.object({ Tags: tags }), raw).Tags)
      return {}
    },
    UntagResource: (_, raw) => {
      const { own } = byArn(raw)
      for (const key of parse(z.object({ TagKeys: z.array(z.string()) }), raw).TagKeys) delete own.tags[key]
      return {}
    },
  }

  const makeAlarms = (scope: Scope, made: ScalingPolicy): Promise<ScalingPolicy['Alarms']> => {
    const tracking = readTracking(made)
    const alarms = tracking ? alarmsFor(tracking, made.ResourceId, made.PolicyARN) : []
    return Promise.all(alarms.map(async (alarm) => ({ AlarmName: alarm.AlarmName, AlarmARN: await cloudwatch.putAlarm(scope, alarm) })))
  }

  const removeAlarms = async (scope: Scope, of: ScalingPolicy | undefined) => {
    if (of && of.Alarms.length > 0) await cloudwatch.deleteAlarms(scope, of.Alarms.map(({ AlarmName }) => AlarmName))
  }

  /** A policy takes its alarms with it. */
  const forget = async (scope: Scope, key: string) => {
    await removeAlarms(scope, policies[key])
    delete policies[key]
  }

  /** A count outside of the new limits is moved to the nearer one at once. */
  const hold = (scope: Scope, { ServiceNamespace, ResourceId, MinCapacity, MaxCapacity }: ScalableTarget) => {
    const service = ServiceNamespace === 'ecs' ? store.state.services[ecsArn(scope, ResourceId)] : undefined
    if (service?.status !== 'ACTIVE') return
    service.desiredCount = Math.min(MaxCapacity, Math.max(MinCapacity, service.desiredCount))
    deployments.wake()
  }

  const byArn = (raw: unknown): ScalableTarget => {
    const { ResourceARN } = parse(z.object({ ResourceARN: z.string() }), raw)
    const found = Object.values(targets).find(({ ScalableTargetARN }) => ScalableTargetARN === ResourceARN)
    if (found) return found
    throw new AwsError('ResourceNotFoundException', `The specified resource ${ResourceARN} does not exist.`)
  }

  const answer = async (scope: Scope, action: string, input: unknown): Promise<object> => {
    if (!isAnswered(action)) throw new AwsError('UnknownOperationException', `${action} is not part of the rehearsal's Application Auto Scaling.`)
    requireValid(applicationAutoscaling, action, input, 'ValidationException')
    const output = await calls[action](scope, input)
    store.save()
    return output
  }
  return { answer, close: scheduled.close }
}

type Named = z.infer<typeof named>

const keyOf = ({ region, account }: Scope, { ServiceNamespace, ResourceId, ScalableDimension }: Named) =>
  `${region} ${account} ${ServiceNamespace} ${ResourceId} ${ScalableDimension}`

function newTarget({ region, account }: Scope, own: Record<string, string>) {
  return {
    ScalableTargetARN: `arn:aws:application-autoscaling:${region}:${account}:scalable-target/${randomUUID().replaceAll('-', '').slice(0, 28)}`,
    RoleARN: `arn:aws:iam::${account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService`,
    CreationTime: now(),
    SuspendedState: noSuspension,
    own: { tags: own },
  }
}

function select(records: Record<string, Record<string, unknown>>, { region, account }: Scope, asked: z.infer<typeof filter>): object[] {
  const ids = asked.ResourceIds ?? (asked.ResourceId ? [asked.ResourceId] : undefined)
  return Object.entries(records)
    .filter(([key]) => key.startsWith(`${region} ${account} `))
    .map(([, record]) => record)
    .filter(
      (record) =>
        record.ServiceNamespace === asked.ServiceNamespace &&
        (!ids?.length || ids.includes(String(record.ResourceId))) &&
        (!asked.ScalableDimension || asked.ScalableDimension === record.ScalableDimension) &&
        (!asked.PolicyNames?.length || asked.PolicyNames.includes(String(record.PolicyName))),
    )
    .map(({ own: _, ...record }) => record)
}

function remove(records: Record<string, unknown>, key: string, what: string): object {
  if (!records[key]) throw notFound(what, key)
  delete records[key]
  return {}
}

function isIn({ region, account }: Scope, arn: string): boolean {
  const found = scopeOf(arn)
  return found.region === region && found.account === account
}

function notFound(what: string, key: string): AwsError {
  const [, , namespace, id, dimension] = key.split(' ')
  return new AwsError(
    'ObjectNotFoundException',
    `No ${what} found for service namespace: ${namespace}, resource ID: ${id}, scalable dimension: ${dimension}`,
  )
}

/** This API has a name of its own for bad input. */
function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> {
  try {
    return parseInput(schema, input)
  } catch (error) {
    throw new AwsError('ValidationException', (error as Error).message)
  }
}

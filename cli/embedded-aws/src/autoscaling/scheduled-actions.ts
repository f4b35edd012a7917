import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { AwsError, parseOrRefuse } from '../aws-error.ts'
import { now } from '../clock.ts'
import type { ScalableTarget, ScheduledAction, Scope } from '../records.ts'
import type { Store } from '../state.ts'
import { readSchedule } from './schedule.ts'

const capacity = z.object({ MinCapacity: z.int().optional(), MaxCapacity: z.int().optional() })
const named = z.object({ ServiceNamespace: z.string(), ResourceId: z.string(), ScalableDimension: z.string(), ScheduledActionName: z.string() })
const given = z.object({
  ...named.shape,
  Schedule: z.string().optional(),
  Timezone: z.string().optional(),
  StartTime: z.number().optional(),
  EndTime: z.number().optional(),
  ScalableTargetAction: capacity.optional(),
})
const filter = z.object({
  ServiceNamespace: z.string(),
  ResourceId: z.string().optional(),
  ScalableDimension: z.string().optional(),
  ScheduledActionNames: z.array(z.string()).default([]),
})

const tickMilliseconds = 500

type Options = {
  store: Store
  /** Gives a target new limits, and its count the nearest within them. */
  setLimits: (target: ScalableTarget, limits: z.infer<typeof capacity>) => void
}

/**
 * Scheduled scaling: at their times actions change the limits of a target. Times are those of the clock on the wall,
 * whatever the speed; what came while nothing ran is made up for.
 * https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-scheduled-scaling.html
 */
export function createScheduledActions({ store, setLimits }: Options) {
  const { targets, scheduled } = store.state.scaling

  const runDue = () => {
    for (const [key, action] of Object.entries(scheduled)) {
      if (action.own.due === undefined || action.own.due > now()) continue
      const target = targets[targetKey(key)]
      if (target && !isSuspended(target)) setLimits(target, action.ScalableTargetAction)
      plan(action, now())
      store.save()
    }
  }
  const timer = setInterval(runDue, tickMilliseconds).unref()

  return {
    calls: {
      /** What a change leaves out stays as it is, but for the times of its beginning and end. */
      PutScheduledAction: (scope: Scope, raw: unknown) => {
        const { StartTime, EndTime, ...input } = parseOrRefuse('ValidationException', given, raw)
        const key = keyOf(scope, input)
        const target = targets[targetKey(key)]
        if (!target) throw notFound('scalable target', input)
        const action = { ...(scheduled[key] ?? newAction(scope, input)), ...input, StartTime, EndTime } as ScheduledAction
        if (!action.Schedule || !action.ScalableTargetAction) throw invalid('Schedule and ScalableTargetAction are required for a new scheduled action.')
        const { MinCapacity = target.MinCapacity, MaxCapacity = target.MaxCapacity } = action.ScalableTargetAction
        if (MinCapacity > MaxCapacity) throw invalid('Maximum capacity cannot be less than minimum capacity.')
        plan(action, now())
        scheduled[key] = action
        return {}
      },
      DescribeScheduledActions: (scope: Scope, raw: unknown) => {
        const asked = parseOrRefuse('ValidationException', filter, raw)
        const found = Object.entries(scheduled).filter(([key, action]) => key.startsWith(`${scope.region} ${scope.account} `) && matches(action, asked))
        return { ScheduledActions: found.map(([, { own: _, ...action }]) => action) }
      },
      DeleteScheduledAction: (scope: Scope, raw: unknown) => {
        const input = parseOrRefuse('ValidationException', named, raw)
        const key = keyOf(scope, input)
        if (!scheduled[key]) throw notFound('scheduled action', input)
        delete scheduled[key]
        return {}
      },
    },
    /** A target takes its actions with it. @param key the target's */
    forget: (key: string) => {
      for (const each of Object.keys(scheduled)) if (targetKey(each) === key) delete scheduled[each]
    },
    close: () => clearInterval(timer),
  }
}

/** Says when an action comes next, between its beginning and its end. @throws AwsError when it has no such schedule */
function plan(action: ScheduledAction, after: number): void {
  const { Schedule, Timezone = 'UTC', StartTime = 0, EndTime = Infinity, CreationTime } = action
  const next = readSchedule(Schedule, Timezone, Math.max(StartTime, CreationTime))
  const due = next(Math.max(after, StartTime - 1))
  action.own.due = due === undefined || due > EndTime ? undefined : due
}

function newAction({ region, account }: Scope, { ServiceNamespace, ResourceId, ScheduledActionName }: z.infer<typeof named>) {
  const arn = `arn:aws:autoscaling:${region}:${account}:scheduledAction:${randomUUID()}:resource/${ServiceNamespace}/${ResourceId}:scheduledActionName/${ScheduledActionName}`
  return { ScheduledActionARN: arn, CreationTime: now(), own: {} }
}

const matches = (action: ScheduledAction, { ServiceNamespace, ResourceId, ScalableDimension, ScheduledActionNames }: z.infer<typeof filter>) =>
  action.ServiceNamespace === ServiceNamespace &&
  (!ResourceId || action.ResourceId === ResourceId) &&
  (!ScalableDimension || action.ScalableDimension === ScalableDimension) &&
  (ScheduledActionNames.length === 0 || ScheduledActionNames.includes(action.ScheduledActionName))

const isSuspended = ({ SuspendedState }: ScalableTarget) => SuspendedState?.ScheduledScalingSuspended === true

const keyOf = ({ region, account }: Scope, { ServiceNamespace, ResourceId, ScalableDimension, ScheduledActionName }: z.infer<typeof named>) =>
  `${region} ${account} ${ServiceNamespace} ${ResourceId} ${ScalableDimension} ${ScheduledActionName}`

/** The key of the target that an action belongs to; an action's name may have blanks. */
const targetKey = (key: string) => key.split(' ').slice(0, 5).join(' ')

const invalid = (message: string) => new AwsError('ValidationException', message)

const notFound = (what: string, { ServiceNamespace, ResourceId, ScalableDimension }: z.infer<typeof named>) =>
  new AwsError('ObjectNotFoundException', `No ${what} found for service namespace: ${ServiceNamespace}, resource ID: ${ResourceId}, scalable dimension: ${ScalableDimension}`)

import { setTimeout as sleep } from 'node:timers/promises'
import type { Service, ServiceDeployment, Task } from '../aws/ecs.ts'
import { interruption } from '../interrupts.ts'
import type { DeployedService } from './service.ts'

export type StoppedTask = { task: Task; log: string[] }

/** What the API has shown since a moment. */
export type Observed = {
  service: Service
  /** Oldest first. */
  events: { at: Date; message: string }[]
  deployments: ServiceDeployment[]
  /** In the order in which they stopped. */
  stopped: StoppedTask[]
  /** How many have been asked to stop since, and have not yet. */
  stopping: number
}

const ended = ['SUCCESSFUL', 'STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED']

/** The newest deployment, if there is one. */
export const newestOf = ({ deployments }: Observed): ServiceDeployment | undefined => deployments.at(-1)

/** Whether the newest deployment has come to its end, be it good or bad. */
export const hasEnded = (seen: Observed): boolean => ended.includes(newestOf(seen)?.status ?? '')

/** Whether with it every task that was to stop has. */
export function deploymentEnded(seen: Observed): boolean {
  return hasEnded(seen) && isSteady(seen.service) && seen.stopping === 0
}

/** Whether one deployment is left, complete, with all the tasks it wants. */
export function isSteady({ deployments = [], desiredCount, runningCount }: Service): boolean {
  return deployments.length === 1 && deployments[0]?.rolloutState === 'COMPLETED' && runningCount === desiredCount
}

/** When a task began to end; one that never started may say less. */
const endOf = ({ stoppingAt, stoppedAt, createdAt }: Task): Date | undefined => stoppingAt ?? stoppedAt ?? createdAt

export type ObserveOptions = {
  since?: Date
  /** Between two looks. */
  pollMilliseconds?: number
  /** Ends it early. */
  end?: AbortSignal
}

/** Collects what happens to a service from a moment on. */
export function observe(service: DeployedService, { since = new Date(), pollMilliseconds = 500, end }: ObserveOptions = {}) {
  const signal = end ? AbortSignal.any([interruption, end]) : interruption
  const events = new Map<string, { at: Date; message: string }>()
  const stopped: StoppedTask[] = []
  /** Tasks that need not be read again. */
  const known = new Set<string>()

  const look = async (): Promise<Observed> => {
    const asked = [service.describe(), service.deployments(since), service.tasks('STOPPED', known)] as const
    const [shown, deployments, tasks] = await Promise.all(asked)
    for (const { id = '', createdAt, message = '' } of (shown.events ?? []).toReversed()) {
      if (createdAt && createdAt >= since) events.set(id, { at: createdAt, message })
    }
    const mine = tasks.filter((task) => (endOf(task) ?? since) >= since)
    const over = mine.filter(({ lastStatus }) => lastStatus === 'STOPPED')
    for (const task of over) stopped.push({ task, log: await service.readLog(task) })
    for (const task of tasks) if (over.includes(task) || !mine.includes(task)) known.add(task.taskArn ?? '')
    const stopping = mine.length - over.length
    const inOrder = stopped.toSorted((a, b) => Number(a.task.stoppedAt) - Number(b.task.stoppedAt))
    return { service: shown, events: [...events.values()], deployments, stopped: inOrder, stopping }
  }

  return {
    since,
    /**
     * Looks again and again until it is over.
     * @param limitSeconds of real time, after which what was seen last is returned
     */
    until: async (over: (seen: Observed) => boolean, limitSeconds: number): Promise<Observed> => {
      const deadline = performance.now() + limitSeconds * 1000
      for (;;) {
        const seen = await look()
        if (end?.aborted || over(seen) || performance.now() > deadline) return seen
        await sleep(pollMilliseconds, undefined, { signal }).catch(() => interruption.throwIfAborted())
      }
    },
  }
}

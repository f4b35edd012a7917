import { setTimeout as sleep } from 'node:timers/promises'
import { interruption } from '../../interrupts.ts'
import type { EcsService, Service, ServiceDeployment, Task } from './service.ts'

export type StoppedTask = { task: Task; log: string[] }

/** What the API has shown since the fault. */
export type Observed = {
  service: Service
  /** Oldest first. */
  events: { at: Date; message: string }[]
  deployments: ServiceDeployment[]
  /** In the order in which they stopped. */
  stopped: StoppedTask[]
}

const pollMilliseconds = 500
const ended = ['SUCCESSFUL', 'STOPPED', 'STOP_REQUESTED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED']

/** Whether the newest deployment since the fault has come to its end, and with it every task that was to stop. */
export function deploymentEnded({ deployments, service }: Observed): boolean {
  const newest = deployments.at(-1)
  return newest !== undefined && ended.includes(newest.status ?? '') && isSteady(service)
}

/** Whether one deployment is left, complete, with all the tasks it wants. */
export function isSteady({ deployments = [], desiredCount, runningCount }: Service): boolean {
  return deployments.length === 1 && deployments[0]?.rolloutState === 'COMPLETED' && runningCount === desiredCount
}

/** Begins to collect what happens to a service from now on. */
export function observe(service: EcsService) {
  const since = new Date()
  const events = new Map<string, { at: Date; message: string }>()
  const stopped = new Map<string, StoppedTask>()

  const look = async (): Promise<Observed> => {
    const [shown, deployments, tasks] = await Promise.all([service.describe(), service.deployments(since), service.tasks('STOPPED')])
    for (const { id = '', createdAt, message = '' } of (shown.events ?? []).toReversed()) {
      if (createdAt && createdAt >= since) events.set(id, { at: createdAt, message })
    }
    for (const task of tasks) {
      const { taskArn = '', stoppedAt } = task
      if (stoppedAt && stoppedAt >= since && !stopped.has(taskArn)) stopped.set(taskArn, { task, log: await service.readLog(task) })
    }
    const inOrder = [...stopped.values()].sort((a, b) => Number(a.task.stoppedAt) - Number(b.task.stoppedAt))
    return { service: shown, events: [...events.values()], deployments, stopped: inOrder }
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
        if (over(seen) || performance.now() > deadline) return seen
        await sleep(pollMilliseconds, undefined, { signal: interruption }).catch(() => interruption.throwIfAborted())
      }
    },
  }
}

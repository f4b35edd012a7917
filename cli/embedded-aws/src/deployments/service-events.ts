import { randomUUID } from 'node:crypto'
import { nameOf } from '../arn.ts'
import { now } from '../clock.ts'
import type { Service, Task } from '../records.ts'

/** DescribeServices shows the newest hundred: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages.html */
const kept = 100

/** Adds an event; `text` follows the service's name, in AWS's words. */
export function addEvent(service: Service, text: string): void {
  const message = `(service ${service.serviceName}) ${text}`
  service.events = [{ id: randomUUID(), createdAt: now(), message }, ...service.events].slice(0, kept)
}

const listTasks = (tasks: Task[]) => tasks.map(({ taskArn }) => `(task ${nameOf(taskArn)})`).join(' ')

/** Messages: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html */
export const texts = {
  started: (tasks: Task[]) => `has started ${tasks.length} tasks: ${listTasks(tasks)}.`,
  stopped: (tasks: Task[]) => `has stopped ${tasks.length} running tasks: ${listTasks(tasks)}.`,
  registered: (count: number, group: string) => `registered ${count} targets in (target-group ${group})`,
  deregistered: (count: number, group: string) => `deregistered ${count} targets in (target-group ${group})`,
  draining: (count: number) => `has begun draining connections on ${count} tasks.`,
  steady: () => 'has reached a steady state.',
  completed: (deployment: string) => `(deployment ${deployment}) deployment completed.`,
  failed: (deployment: string, reason: string) => `(deployment ${deployment}) deployment failed: ${reason}.`,
  rollingBack: (deployment: string) => `rolling back to deployment ${deployment}.`,
  unhealthyTarget: (port: number, group: string, reason: string) =>
    `(port ${port}) is unhealthy in (target-group ${group}) due to (reason ${reason}).`,
  unhealthyContainer: (task: Task) => `(task ${nameOf(task.taskArn)}) failed container health checks.`,
  unableToStart: () =>
    'is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.',
  notLaunched: (error: string) => `failed to launch a task with (error ${error}).`,
  unplaced: () =>
    'was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.',
}

type TargetChange = { event: 'registered' | 'deregistered'; group: string }

/** Collects what happens to a service's targets, because what happens at once is one event with a count. */
export function collectTargetChanges() {
  const collected = new Map<string, TargetChange[]>()
  return {
    note: ({ serviceArn }: Service, change: TargetChange) =>
      void collected.set(serviceArn, [...(collected.get(serviceArn) ?? []), change]),
    /** Adds the events of all that was noted. */
    tell: (service: Service) => {
      const changes = collected.get(service.serviceArn) ?? []
      collected.delete(service.serviceArn)
      for (const [group, of] of Map.groupBy(changes, (change) => change.group)) {
        const gone = of.filter(({ event }) => event === 'deregistered').length
        if (of.length > gone) addEvent(service, texts.registered(of.length - gone, group))
        if (gone > 0) addEvent(service, texts.draining(gone))
        if (gone > 0) addEvent(service, texts.deregistered(gone, group))
      }
    },
  }
}

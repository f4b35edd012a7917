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
  registered: (group: string) => `registered 1 targets in (target-group ${group})`,
  deregistered: (group: string) => `deregistered 1 targets in (target-group ${group})`,
  draining: () => 'has begun draining connections on 1 tasks.',
  steady: () => 'has reached a steady state.',
  completed: (deployment: string) => `(deployment ${deployment}) deployment completed.`,
  failed: (deployment: string, reason: string) => `(deployment ${deployment}) deployment failed: ${reason}.`,
  rollingBack: (deployment: string) => `rolling back to deployment ${deployment}.`,
  unhealthyTarget: (port: number, group: string, reason: string) =>
    `(port ${port}) is unhealthy in (target-group ${group}) due to (reason ${reason}).`,
  unhealthyContainer: (task: Task) => `(task ${nameOf(task.taskArn)}) failed container health checks.`,
  unableToStart: () =>
    'is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.',
  unplaced: () =>
    'was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.',
}

import { now, type Clock } from '../clock.ts'
import type { Task } from '../records.ts'
import type { State } from '../state.ts'
import type { TargetDescription, TargetHealth } from '../elb/target-health.ts'

/** A task that nothing checks counts as healthy when it has run this long: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html */
const settleSeconds = 40

export const isAlive = (task: Task) => task.desiredStatus === 'RUNNING'

/** Tells tasks that serve from those that do not. */
export function createReadiness({ state, health, clock }: { state: State; health: TargetHealth; clock: Clock }) {
  const findUnhealthy = (task: Task): (TargetDescription & { group: string }) | undefined => {
    for (const { targetGroupArn, containerPort } of task.own.loadBalancers) {
      const target = health.find(targetGroupArn, { id: task.own.ip as string, port: containerPort })
      if (target?.state === 'unhealthy') return { ...target, group: targetGroupArn }
    }
    return undefined
  }

  /** Whether a task counts as healthy: it runs, its containers are healthy, and so are its targets. */
  const isReady = (task: Task): boolean => {
    if (!isAlive(task) || task.lastStatus !== 'RUNNING') return false
    const definition = state.taskDefinitions[task.taskDefinitionArn]
    const checked = definition?.containerDefinitions.some(({ essential, healthCheck }) => essential && healthCheck)
    if (checked && task.healthStatus !== 'HEALTHY') return false
    const { loadBalancers } = task.own
    const inTarget = ({ targetGroupArn, containerPort }: Task['own']['loadBalancers'][number]) =>
      health.find(targetGroupArn, { id: task.own.ip as string, port: containerPort })?.state === 'healthy'
    if (loadBalancers.length > 0) return loadBalancers.every(inTarget)
    return checked || clock.since(task.startedAt ?? now()) >= settleSeconds
  }

  return { isReady, findUnhealthy }
}

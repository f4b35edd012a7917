import { z } from 'zod'
import { nameOf } from './arn.ts'
import type { TargetHealth } from './elb/target-health.ts'
import type { Store } from './state.ts'

const counts = { desired: z.number(), running: z.number(), pending: z.number() }
/** What `embedded-aws status` tells. */
export const statusSchema = z.object({
  services: z.array(z.object({ cluster: z.string(), name: z.string(), ...counts, taskDefinition: z.string(), rollout: z.string() })),
  tasks: z.array(z.object({ id: z.string(), group: z.string(), status: z.string(), health: z.string(), host: z.string(), ports: z.record(z.string(), z.number()) })),
  /** Why its state is not saved, on a full disk for example. */
  unsaved: z.string().optional(),
  targets: z.array(z.object({ group: z.string(), address: z.string(), state: z.string(), reason: z.string().optional() })),
})
export type Status = z.infer<typeof statusSchema>

/**
 * The services that are active, the tasks that have not stopped, and the targets of the services' target groups.
 * @param host where the ports of tasks are
 */
export function readStatus({ state, trouble }: Store, health: TargetHealth, host: string): Status {
  const services = Object.values(state.services).filter(({ status }) => status !== 'INACTIVE')
  const tasks = Object.values(state.tasks).filter(({ lastStatus }) => lastStatus !== 'STOPPED')
  const groups = new Set(services.flatMap(({ loadBalancers }) => loadBalancers.flatMap(({ targetGroupArn }) => targetGroupArn ?? [])))
  const unsaved = trouble()
  return {
    ...(unsaved !== undefined && { unsaved }),
    services: services.map((service) => ({
      cluster: nameOf(service.clusterArn),
      name: service.serviceName,
      desired: service.desiredCount,
      running: service.runningCount,
      pending: service.pendingCount,
      taskDefinition: nameOf(service.taskDefinition),
      rollout: service.deployments[0]?.rolloutState ?? service.status,
    })),
    tasks: tasks.map(({ taskArn, group, lastStatus, healthStatus, own }) => ({
      id: nameOf(taskArn),
      group,
      status: lastStatus,
      health: healthStatus,
      host,
      ports: own.ports,
    })),
    targets: [...groups].flatMap((arn) =>
      health.describe(arn).map(({ id, port, state: targetState, reason }) => {
        const target = { group: arn.split('/')[1] ?? arn, address: `${id}:${port}`, state: targetState }
        return reason === undefined ? target : { ...target, reason }
      }),
    ),
  }
}

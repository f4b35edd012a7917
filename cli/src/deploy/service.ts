import { z } from 'zod'
import { openService, type Task } from '../aws/ecs.ts'
import { openLogGroup } from '../aws/logs.ts'
import { interruption } from '../interrupts.ts'

/** What of Terraform's outputs names the service, its container and its logs. */
const outputsSchema = z.object({
  cluster_name: z.string(),
  service_name: z.string(),
  container_name: z.string(),
  log_group_name: z.string(),
})

export type DeployedService = ReturnType<typeof openDeployed>

/** Enough for a stack trace. */
const logLines = 40

/** @param outputs Terraform's @returns undefined where they do not name a service */
export function findDeployedService(region: string, outputs: unknown): DeployedService | undefined {
  const { data } = outputsSchema.safeParse(outputs)
  return data && openDeployed(region, data)
}

function openDeployed(region: string, names: z.infer<typeof outputsSchema>) {
  const logGroup = openLogGroup(names.log_group_name, region)
  return {
    region,
    cluster: names.cluster_name,
    service: names.service_name,
    ...openService({ region, cluster: names.cluster_name, service: names.service_name }),

    /** The last lines that a task wrote; none where they may not be read, since they only explain what is known otherwise. */
    readLog: async ({ taskArn = '' }: Task): Promise<string[]> => {
      const lines = logGroup.readLastLines(`ecs/${names.container_name}/${taskArn.split('/').at(-1)}`, logLines)
      return lines.catch(() => (interruption.throwIfAborted(), []))
    },
  }
}

import { z } from 'zod'
import type { ServiceNames } from '../platform/aws/ecs.ts'

const text = z.string().min(1).optional().catch(undefined)

/** What of Terraform's outputs tells where the app is and how to find its service; other people's have less of it. */
const outputsSchema = z.object({
  alb_url: z.url({ protocol: /^https?$/ }).optional().catch(undefined),
  alb_dns_name: text,
  service_arn: text,
  cluster_name: text,
  service_name: text,
  task_definition_arn: text,
  container_name: text,
  log_group_name: text,
  target_group_arn: text,
  health_check_path: z.string().startsWith('/').default('/healthz').catch('/healthz'),
})

export type Outputs = z.infer<typeof outputsSchema>

/** @param outputs Terraform's, values by name */
export const readServiceOutputs = (outputs: unknown): Outputs => outputsSchema.parse(outputs)

/**
 * Finds the service that the outputs name.
 * @param region where it is, if its ARN is not among them
 * @returns undefined where they name none
 */
export function findService(region: string, outputs: Outputs): ServiceNames | undefined {
  // arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/SERVICE; ARNs of before 2018 name no cluster.
  const arn = /^arn:[^:]+:ecs:(?<region>[^:]+):\d*:service\/(?:(?<cluster>[^/]+)\/)?(?<service>[^/]+)$/.exec(outputs.service_arn ?? '')?.groups
  const { cluster = outputs.cluster_name, service = outputs.service_name } = arn ?? {}
  return cluster && service ? { region: arn?.region ?? region, cluster, service } : undefined
}

import { z } from 'zod'
import list from './prices.json' with { type: 'json' }

export const { date: pricesDate, region: pricesRegion } = list

/** What a plan cannot know; each is for a month. */
export type Assumptions = { hours: number; requests: number; trafficGb: number; logGb: number; storedGb: number }

/** AWS's own month, and a small service. */
export const defaultAssumptions: Assumptions = { hours: 730, requests: 1_000_000, trafficGb: 10, logGb: 1, storedGb: 1 }

/** A part of what a resource costs a month; `usd` is null where no price is known. */
export type Part = { what: string; usd: number | null }

/** A resource as one side of a plan shows it. */
export type PlannedResource = { address: string; type: string; values: Record<string, unknown> }

type Pricer = (values: Record<string, unknown>, assumed: Assumptions, all: PlannedResource[]) => Part[]

/** The list price, by its name in prices.json. */
export const price = (name: keyof typeof list.prices): number => list.prices[name].usd

const part = (what: string, usd: number | null): Part => ({ what, usd })
const count = (value: unknown): number => (Array.isArray(value) ? value.length : 0)
const monthly = (name: keyof typeof list.prices, what: string, times = 1) => part(what, price(name) * times)

const taskSchema = z.object({
  family: z.string().nullish(),
  cpu: z.coerce.number(),
  memory: z.coerce.number(),
  runtime_platform: z.array(z.object({ cpu_architecture: z.string().nullish() })).nullish(),
  ephemeral_storage: z.array(z.object({ size_in_gib: z.number() })).nullish(),
})

const serviceSchema = z.object({
  desired_count: z.number().nullish(),
  task_definition: z.string().nullish(),
  capacity_provider_strategy: z.array(z.object({ capacity_provider: z.string(), weight: z.number().nullish() })).nullish(),
})

/** What a task costs an hour: https://aws.amazon.com/fargate/pricing/ */
export function taskHour({ cpu, memory, arm, storageGb = 20 }: { cpu: number; memory: number; arm: boolean; storageGb?: number }): number {
  const [vcpu, gb] = arm ? [price('fargateArmVcpuHour'), price('fargateArmGbHour')] : [price('fargateX86VcpuHour'), price('fargateX86GbHour')]
  return (cpu / 1024) * vcpu + (memory / 1024) * gb + Math.max(0, storageGb - 20) * price('fargateStorageGbHour')
}

/** Capacity units that an hour has on average: https://aws.amazon.com/elasticloadbalancing/pricing/ */
export function capacityUnits({ hours, requests, trafficGb }: Assumptions): number {
  const seconds = hours * 3600
  return Math.max(requests / seconds / 25, trafficGb / hours)
}

const priceService: Pricer = (values, { hours }, all) => {
  const service = serviceSchema.safeParse(values).data
  const family = /task-definition\/([^:]+):/.exec(service?.task_definition ?? '')?.[1]
  const tasks = all.filter(({ type }) => type === 'aws_ecs_task_definition').flatMap((each) => taskSchema.safeParse(each.values).data ?? [])
  const task = tasks.find((each) => each.family && each.family === family) ?? (tasks.length === 1 ? tasks[0] : undefined)
  const tasksWanted = service?.desired_count ?? 1
  if (!service || !task) return [part('tasks of a size that is not known', null)]
  const arm = task.runtime_platform?.[0]?.cpu_architecture === 'ARM64'
  const each = taskHour({ cpu: task.cpu, memory: task.memory, arm, storageGb: task.ephemeral_storage?.[0]?.size_in_gib ?? 20 }) * hours
  const spot = service.capacity_provider_strategy?.some(({ capacity_provider: name, weight }) => name === 'FARGATE_SPOT' && (weight ?? 0) > 0)
  const size = `${task.cpu / 1024} vCPU and ${task.memory / 1024} GB, ${arm ? 'ARM' : 'x86'}`
  return [part(`${tasksWanted} tasks of ${size}${spot ? ', all at the price of FARGATE' : ''}`, tasksWanted * each), ...(spot ? [part('what FARGATE_SPOT saves, whose price moves', null)] : [])]
}

const priceBalancer: Pricer = ({ load_balancer_type: kind, internal, subnets }, assumed) => {
  if (typeof kind === 'string' && kind !== 'application') return [part(`a load balancer of type ${kind}`, null)]
  const addresses = internal === true ? 0 : count(subnets) || 2
  return [
    monthly('albHour', 'hours', assumed.hours),
    monthly('albLcuHour', 'capacity units', capacityUnits(assumed) * assumed.hours),
    ...(addresses > 0 ? [monthly('publicIpv4Hour', `${addresses} public addresses`, addresses * assumed.hours)] : []),
  ]
}

const priceHealthCheck: Pricer = ({ type = '', request_interval: interval, measure_latency: latency }) => {
  const features = [String(type).startsWith('HTTPS'), String(type).endsWith('STR_MATCH'), interval === 10, latency === true].filter(Boolean).length
  return [monthly('healthCheckMonth', 'an endpoint on AWS'), ...(features > 0 ? [monthly('healthCheckFeatureMonth', `${features} features`, features)] : [])]
}

/** What each type costs; a list that is empty is free. */
export const pricers: Record<string, Pricer> = {
  aws_ecs_service: priceService,
  aws_lb: priceBalancer,
  aws_nat_gateway: (_values, { hours, trafficGb }) => [monthly('natHour', 'hours', hours), monthly('natGb', `${trafficGb} GB`, trafficGb)],
  aws_eip: (_values, { hours }) => [monthly('publicIpv4Hour', 'a public address', hours)],
  aws_vpc_endpoint: ({ vpc_endpoint_type: kind, subnet_ids: subnets }, { hours, trafficGb }) =>
    kind === 'Interface' ? [monthly('endpointZoneHour', `${count(subnets) || 2} zones`, (count(subnets) || 2) * hours), monthly('endpointGb', `${trafficGb} GB`, trafficGb)] : [],
  aws_cloudwatch_log_group: ({ retention_in_days: days }, { logGb }) => [
    monthly('logIngestGb', `${logGb} GB taken in`, logGb),
    ...(typeof days === 'number' && days > 0 ? [monthly('logStorageGbMonth', `kept ${days} days`, (logGb * days) / 30)] : [part('storage that never ends', null)]),
  ],
  aws_cloudwatch_metric_alarm: ({ metric_query: queries }) => {
    const metrics = Array.isArray(queries) ? queries.filter((each) => count((each as { metric?: unknown }).metric) > 0).length || 1 : 1
    return [monthly('alarmMetricMonth', metrics === 1 ? 'a metric' : `${metrics} metrics`, metrics)]
  },
  aws_cloudwatch_dashboard: () => [monthly('dashboardMonth', 'a dashboard; an account’s first three are free')],
  aws_ecr_repository: (_values, { storedGb }) => [monthly('ecrGbMonth', `${storedGb} GB of images`, storedGb)],
  aws_s3_bucket: (_values, { storedGb }) => [monthly('s3GbMonth', `${storedGb} GB`, storedGb)],
  aws_efs_file_system: (_values, { storedGb }) => [monthly('efsGbMonth', `${storedGb} GB`, storedGb)],
  aws_route53_zone: () => [monthly('zoneMonth', 'a zone')],
  aws_route53_health_check: priceHealthCheck,
  aws_wafv2_web_acl: ({ rule }, { requests }) => [
    monthly('wafAclMonth', 'a web ACL'),
    monthly('wafRuleMonth', `${count(rule)} rules`, count(rule)),
    monthly('wafMillionRequests', `${requests / 1e6} million requests`, requests / 1e6),
  ],
  aws_codepipeline: () => [part('by the minute that its actions take', null)],
  aws_codebuild_project: () => [part('by the minute of a build', null)],
  aws_kms_key: () => [monthly('kmsKeyMonth', 'a key')],
  aws_secretsmanager_secret: () => [monthly('secretMonth', 'a secret')],
}

/** Types that cost nothing, or whose cost stands at another resource. */
export const isFree = (type: string): boolean => free.test(type)
const free =
  /^(terraform_data|null_resource|random_\w+|aws_(iam_\w+|security_group\w*|vpc_security_group_\w+|vpc|vpc_dhcp_options|subnet|route|route_table\w*|main_route_table_association|internet_gateway|egress_only_internet_gateway|network_acl\w*|default_\w+|lb_listener\w*|lb_target_group\w*|ecs_cluster\w*|ecs_task_definition|appautoscaling_\w+|acm_certificate\w*|route53_record|flow_log|s3_bucket_\w+|ecr_lifecycle_policy|ecr_repository_policy|ecr_re(plication|gistry_scanning)_configuration|efs_(mount_target|access_point|backup_policy|file_system_policy)|wafv2_web_acl_(association|logging_configuration)|sns_topic\w*|cloudwatch_event_\w+|cloudwatch_log_metric_filter|cloudwatch_log_resource_policy|kms_alias|vpc_endpoint_route_table_association|secretsmanager_secret_version))$/

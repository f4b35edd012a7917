import { z } from 'zod'
import { AwsError } from '../aws-error.ts'

// Inputs of the ECS API: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Operations.html

export const tag = z.object({ key: z.string(), value: z.string().optional() })
const tags = z.array(tag).optional()
const include = z.array(z.string()).default([])
const cluster = z.string().default('default')
const page = { maxResults: z.number().int().min(1).max(100).optional(), nextToken: z.string().optional() }

export const providerItem = z.object({
  capacityProvider: z.string(),
  weight: z.number().int().min(0).optional(),
  base: z.number().int().min(0).optional(),
})
const strategy = z.array(providerItem)

export const network = z.object({
  awsvpcConfiguration: z
    .object({ subnets: z.array(z.string()), securityGroups: z.array(z.string()).optional(), assignPublicIp: z.string().default('DISABLED') })
    .optional(),
})

const pair = z.object({ name: z.string(), value: z.string() })

export const container = z.looseObject({
  name: z.string(),
  image: z.string(),
  cpu: z.number().int().default(0),
  memory: z.number().int().optional(),
  essential: z.boolean().default(true),
  portMappings: z
    .array(z.looseObject({ containerPort: z.number().int(), hostPort: z.number().int().optional(), protocol: z.string().default('tcp') }))
    .default([])
    .transform((mappings) => mappings.map((mapping) => ({ ...mapping, hostPort: mapping.hostPort ?? mapping.containerPort }))),
  environment: z.array(z.object({ name: z.string(), value: z.string().default('') })).default([]),
  mountPoints: z.array(z.unknown()).default([]),
  volumesFrom: z.array(z.unknown()).default([]),
  systemControls: z.array(z.unknown()).default([]),
  secrets: z.array(z.object({ name: z.string(), valueFrom: z.string() })).optional(),
  entryPoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  user: z.string().optional(),
  workingDirectory: z.string().optional(),
  readonlyRootFilesystem: z.boolean().optional(),
  stopTimeout: z.number().int().min(0).max(120, 'Maximum stop timeout for Fargate is 120 seconds.').optional(),
  dependsOn: z.array(z.object({ containerName: z.string(), condition: z.enum(['START', 'COMPLETE', 'SUCCESS', 'HEALTHY']) })).optional(),
  healthCheck: z
    .looseObject({
      command: z.array(z.string()).min(1),
      interval: z.number().default(30),
      timeout: z.number().default(5),
      retries: z.number().default(3),
      startPeriod: z.number().optional(),
    })
    .optional(),
  logConfiguration: z.looseObject({ logDriver: z.string(), options: z.record(z.string(), z.string()).optional() }).optional(),
  linuxParameters: z
    .looseObject({
      initProcessEnabled: z.boolean().optional(),
      tmpfs: z.array(z.looseObject({ containerPath: z.string(), size: z.number(), mountOptions: z.array(z.string()).optional() })).optional(),
      capabilities: z.looseObject({ add: z.array(z.string()).optional(), drop: z.array(z.string()).optional() }).optional(),
    })
    .optional(),
  ulimits: z.array(z.object({ name: z.string(), softLimit: z.number(), hardLimit: z.number() })).optional(),
  dockerLabels: z.record(z.string(), z.string()).optional(),
})

export const circuitBreaker = z.object({
  enable: z.boolean(),
  rollback: z.boolean(),
  resetOnHealthyTask: z.boolean().optional(),
  thresholdConfiguration: z.object({ type: z.enum(['COUNT', 'BOUNDED_PERCENT', 'UNBOUNDED_PERCENT']), value: z.number().int() }).optional(),
})

export const lifecycleHook = z.looseObject({
  targetType: z.enum(['AWS_LAMBDA', 'PAUSE']).default('AWS_LAMBDA'),
  lifecycleStages: z.array(z.string()).min(1),
  timeoutConfiguration: z
    .object({ timeoutInMinutes: z.number().int().optional(), action: z.enum(['CONTINUE', 'ROLLBACK']).optional() })
    .optional(),
})

export const earlySuccessCriteria = z.object({
  enable: z.boolean(),
  healthyPercent: z.number().int().optional(),
  sourceServiceRevisionCleanup: z.enum(['BLOCKING', 'DEFERRED']).optional(),
})

const deploymentConfiguration = z.looseObject({
  maximumPercent: z.number().int().optional(),
  minimumHealthyPercent: z.number().int().optional(),
  deploymentCircuitBreaker: circuitBreaker.optional(),
  alarms: z.object({ alarmNames: z.array(z.string()), enable: z.boolean(), rollback: z.boolean() }).optional(),
  strategy: z.string().optional(),
  lifecycleHooks: z.array(lifecycleHook).optional(),
  earlySuccessCriteria: earlySuccessCriteria.optional(),
})

export const loadBalancer = z.looseObject({ targetGroupArn: z.string(), containerName: z.string(), containerPort: z.number().int() })

/** What CreateService and UpdateService share. */
const settings = {
  cluster,
  desiredCount: z.number().int().min(0).optional(),
  taskDefinition: z.string().optional(),
  capacityProviderStrategy: strategy.optional(),
  deploymentConfiguration: deploymentConfiguration.optional(),
  availabilityZoneRebalancing: z.string().optional(),
  networkConfiguration: network.optional(),
  placementConstraints: z.array(z.unknown()).optional(),
  placementStrategy: z.array(z.unknown()).optional(),
  platformVersion: z.string().optional(),
  healthCheckGracePeriodSeconds: z.number().int().min(0).optional(),
  enableExecuteCommand: z.boolean().optional(),
  enableECSManagedTags: z.boolean().optional(),
  loadBalancers: z.array(loadBalancer).optional(),
  propagateTags: z.string().optional(),
  serviceRegistries: z.array(z.unknown()).optional(),
}

export const containerOverride = z.looseObject({
  name: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.array(pair).optional(),
  cpu: z.number().optional(),
  memory: z.number().optional(),
})

const overrides = z.looseObject({
  containerOverrides: z.array(containerOverride).default([]),
  cpu: z.string().optional(),
  memory: z.string().optional(),
})

export const taskDefinition = z.looseObject({
  family: z.string().regex(/^[\w-]{1,255}$/, 'Family contains invalid characters.'),
  containerDefinitions: z.array(container).min(1),
  cpu: z.string().optional(),
  memory: z.string().optional(),
  networkMode: z.string().optional(),
  executionRoleArn: z.string().optional(),
  requiresCompatibilities: z.array(z.string()).default([]),
  runtimePlatform: z.looseObject({ cpuArchitecture: z.string().optional(), operatingSystemFamily: z.string().optional() }).optional(),
  volumes: z.array(z.unknown()).default([]),
  placementConstraints: z.array(z.unknown()).default([]),
})

export const inputs = {
  CreateCluster: z.object({
    clusterName: cluster,
    tags,
    settings: z.array(pair).optional(),
    configuration: z.unknown().optional(),
    capacityProviders: z.array(z.string()).default([]),
    defaultCapacityProviderStrategy: strategy.default([]),
    serviceConnectDefaults: z.unknown().optional(),
  }),
  UpdateCluster: z.object({ cluster, settings: z.array(pair).optional(), configuration: z.unknown().optional(), serviceConnectDefaults: z.unknown().optional() }),
  UpdateClusterSettings: z.object({ cluster, settings: z.array(pair) }),
  DescribeClusters: z.object({ clusters: z.array(z.string()).default(['default']), include }),
  ListClusters: z.object({ ...page }),
  DeleteCluster: z.object({ cluster }),
  PutClusterCapacityProviders: z.object({ cluster, capacityProviders: z.array(z.string()), defaultCapacityProviderStrategy: strategy }),
  DescribeCapacityProviders: z.object({ capacityProviders: z.array(z.string()).optional() }),

  RegisterTaskDefinition: taskDefinition.extend({ tags }),
  DescribeTaskDefinition: z.object({ taskDefinition: z.string(), include }),
  DeregisterTaskDefinition: z.object({ taskDefinition: z.string() }),
  DeleteTaskDefinitions: z.object({ taskDefinitions: z.array(z.string()) }),
  ListTaskDefinitions: z.object({ familyPrefix: z.string().optional(), status: z.string().default('ACTIVE'), sort: z.string().default('ASC'), ...page }),
  ListTaskDefinitionFamilies: z.object({ familyPrefix: z.string().optional(), status: z.string().default('ACTIVE'), ...page }),

  CreateService: z.object({
    ...settings,
    serviceName: z.string(),
    launchType: z.string().optional(),
    schedulingStrategy: z.string().default('REPLICA'),
    deploymentController: z.object({ type: z.string() }).default({ type: 'ECS' }),
    clientToken: z.string().optional(),
    tags,
  }),
  UpdateService: z.object({ ...settings, service: z.string(), forceNewDeployment: z.boolean().default(false) }),
  DescribeServices: z.object({ cluster, services: z.array(z.string()), include }),
  ListServices: z.object({ cluster, launchType: z.string().optional(), schedulingStrategy: z.string().optional(), ...page }),
  DeleteService: z.object({ cluster, service: z.string(), force: z.boolean().default(false) }),

  ListServiceDeployments: z.object({
    cluster,
    service: z.string(),
    status: z.array(z.string()).optional(),
    createdAt: z.object({ before: z.number().optional(), after: z.number().optional() }).optional(),
    ...page,
  }),
  DescribeServiceDeployments: z.object({ serviceDeploymentArns: z.array(z.string()) }),
  ContinueServiceDeployment: z.object({
    serviceDeploymentArn: z.string(),
    hookId: z.string(),
    action: z.enum(['CONTINUE', 'ROLLBACK']).default('CONTINUE'),
  }),
  StopServiceDeployment: z.object({ serviceDeploymentArn: z.string(), stopType: z.enum(['ABORT', 'ROLLBACK']).default('ROLLBACK') }),
  DescribeServiceRevisions: z.object({ serviceRevisionArns: z.array(z.string()) }),

  RunTask: z.object({
    cluster,
    taskDefinition: z.string(),
    count: z.number().int().min(1).max(10).default(1),
    group: z.string().optional(),
    startedBy: z.string().optional(),
    launchType: z.string().optional(),
    capacityProviderStrategy: strategy.optional(),
    networkConfiguration: network.optional(),
    overrides: overrides.optional(),
    platformVersion: z.string().optional(),
    enableExecuteCommand: z.boolean().default(false),
    propagateTags: z.string().optional(),
    tags,
  }),
  StopTask: z.object({ cluster, task: z.string(), reason: z.string().optional() }),
  ListTasks: z.object({
    cluster,
    serviceName: z.string().optional(),
    family: z.string().optional(),
    startedBy: z.string().optional(),
    desiredStatus: z.enum(['RUNNING', 'PENDING', 'STOPPED']).default('RUNNING'),
    launchType: z.string().optional(),
    ...page,
  }),
  DescribeTasks: z.object({ cluster, tasks: z.array(z.string()), include }),

  ListTagsForResource: z.object({ resourceArn: z.string() }),
  TagResource: z.object({ resourceArn: z.string(), tags: z.array(tag) }),
  UntagResource: z.object({ resourceArn: z.string(), tagKeys: z.array(z.string()) }),
}

export type Inputs = { [Action in keyof typeof inputs]: z.infer<(typeof inputs)[Action]> }

/** @throws AwsError `InvalidParameterException` that names the first field at fault */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new AwsError('InvalidParameterException', `${issue?.path.join('.')}: ${issue?.message}`)
}

/** One page of a list. */
export function paginate<Item>(items: Item[], { maxResults = 100, nextToken = '0' }: { maxResults?: number | undefined; nextToken?: string | undefined }) {
  const from = Number(nextToken)
  const next = from + maxResults
  return { items: items.slice(from, next), nextToken: next < items.length ? String(next) : undefined }
}

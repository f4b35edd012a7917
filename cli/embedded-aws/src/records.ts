// Records are kept in the shapes that the API answers with; what AWS does not show is under `own`.
import type { z } from 'zod'
import type * as schemas from './ecs/schemas.ts'

export type Tag = z.infer<typeof schemas.tag>
export type Scope = { region: string; account: string }

export type Cluster = {
  clusterArn: string
  clusterName: string
  status: 'ACTIVE' | 'INACTIVE'
  settings: { name: string; value: string }[]
  configuration?: unknown
  capacityProviders: string[]
  defaultCapacityProviderStrategy: CapacityProviderItem[]
  serviceConnectDefaults?: unknown
}

export type CapacityProviderItem = z.infer<typeof schemas.providerItem>

export type ContainerDefinition = z.infer<typeof schemas.container>

export type TaskDefinition = z.infer<typeof schemas.taskDefinition> & {
  taskDefinitionArn: string
  revision: number
  status: 'ACTIVE' | 'INACTIVE'
}

export type LoadBalancer = z.infer<typeof schemas.loadBalancer>

export type RolloutState = 'IN_PROGRESS' | 'COMPLETED' | 'FAILED'

/** What of a service a deployment fixes; a rollback puts it back. */
export type Launch = {
  taskDefinition: string
  launchType?: string
  capacityProviderStrategy?: CapacityProviderItem[]
  platformVersion: string
  platformFamily: string
  networkConfiguration?: NetworkConfiguration
}

export type NetworkConfiguration = z.infer<typeof schemas.network>

export type Deployment = Launch & {
  id: string
  status: 'PRIMARY' | 'ACTIVE'
  desiredCount: number
  pendingCount: number
  runningCount: number
  failedTasks: number
  createdAt: number
  updatedAt: number
  rolloutState: RolloutState
  rolloutStateReason: string
  own: {
    revisionArn: string
    loadBalancers: LoadBalancer[]
    /** No task is launched before this moment: back-off after failures. */
    launchAfter: number
    /** When every task was healthy first; the alarms are watched for a while after it. */
    healthySince?: number
    /** Whether the roles of its tasks were found. */
    hasRoles?: boolean
    /** Whether an alarm was on already when the deployment began: then it watches none. */
    ignoresAlarms?: boolean
  }
}

export type DeploymentConfiguration = {
  maximumPercent: number
  minimumHealthyPercent: number
  deploymentCircuitBreaker: CircuitBreaker
  alarms?: { alarmNames: string[]; enable: boolean; rollback: boolean }
  strategy?: string
  bakeTimeInMinutes?: number
  lifecycleHooks?: z.infer<typeof schemas.lifecycleHook>[]
  earlySuccessCriteria?: z.infer<typeof schemas.earlySuccessCriteria>
}

export type CircuitBreaker = z.infer<typeof schemas.circuitBreaker>

export type HookDetail = {
  hookId: string
  targetType: string
  status: 'AWAITING_ACTION' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT'
  expiresAt: number
  timeoutAction: 'CONTINUE' | 'ROLLBACK'
}

export type Service = Launch & {
  serviceArn: string
  serviceName: string
  clusterArn: string
  status: 'ACTIVE' | 'DRAINING' | 'INACTIVE'
  desiredCount: number
  runningCount: number
  pendingCount: number
  loadBalancers: LoadBalancer[]
  serviceRegistries: unknown[]
  deploymentConfiguration: DeploymentConfiguration
  deployments: Deployment[]
  events: { id: string; createdAt: number; message: string }[]
  createdAt: number
  healthCheckGracePeriodSeconds?: number
  propagateTags?: string
  enableECSManagedTags: boolean
  enableExecuteCommand: boolean
  own: { steady: boolean }
}

export type ServiceDeployment = {
  serviceDeploymentArn: string
  serviceArn: string
  clusterArn: string
  createdAt: number
  startedAt: number
  updatedAt: number
  finishedAt?: number
  stoppedAt?: number
  status: string
  statusReason?: string
  targetServiceRevision: { arn: string }
  sourceServiceRevisions: { arn: string }[]
  deploymentConfiguration: DeploymentConfiguration
  deploymentCircuitBreaker: { status: string; failureCount: number; threshold: number }
  alarms?: { status: string; alarmNames: string[]; triggeredAlarmNames: string[] }
  rollback?: { reason: string; startedAt: number; serviceRevisionArn: string }
  lifecycleStage?: string
  lifecycleHookDetails?: HookDetail[]
  own: {
    deploymentId: string
    /** The stages with pause hooks that the deployment has come to. */
    stages?: string[]
  }
}

export type ServiceRevision = Launch & {
  serviceRevisionArn: string
  serviceArn: string
  clusterArn: string
  loadBalancers: LoadBalancer[]
  createdAt: number
  containerImages?: { containerName: string; image: string; imageDigest?: string }[]
}

export type TaskContainer = {
  containerArn: string
  taskArn: string
  name: string
  image: string
  imageDigest?: string
  runtimeId?: string
  lastStatus: 'PENDING' | 'RUNNING' | 'STOPPED'
  exitCode?: number
  reason?: string
  healthStatus: 'UNKNOWN' | 'HEALTHY' | 'UNHEALTHY'
  networkInterfaces: { attachmentId: string; privateIpv4Address: string }[]
  networkBindings: unknown[]
  cpu: string
  memory?: string
}

export type TaskStatus =
  | 'PROVISIONING' | 'PENDING' | 'ACTIVATING' | 'RUNNING' | 'DEACTIVATING' | 'STOPPING' | 'DEPROVISIONING' | 'STOPPED'

export type Task = {
  taskArn: string
  clusterArn: string
  taskDefinitionArn: string
  group: string
  startedBy?: string
  launchType?: string
  capacityProviderName?: string
  platformVersion: string
  platformFamily: string
  availabilityZone: string
  lastStatus: TaskStatus
  desiredStatus: 'RUNNING' | 'STOPPED'
  connectivity: string
  healthStatus: 'UNKNOWN' | 'HEALTHY' | 'UNHEALTHY'
  createdAt: number
  startedAt?: number
  pullStartedAt?: number
  pullStoppedAt?: number
  stoppingAt?: number
  stoppedAt?: number
  executionStoppedAt?: number
  stopCode?: string
  stoppedReason?: string
  cpu: string
  memory: string
  enableExecuteCommand: boolean
  version: number
  overrides: { containerOverrides: ContainerOverride[]; cpu?: string; memory?: string }
  attachments: { id: string; type: string; status: string; details: { name: string; value: string }[] }[]
  containers: TaskContainer[]
  tags: Tag[]
  own: {
    deploymentId?: string
    loadBalancers: LoadBalancer[]
    registered: boolean
    counted: boolean
    /** Whether the task has been healthy once. */
    wasHealthy?: boolean
    ip?: string
    pauseId?: string
    /** Container -> the digest that its image was resolved to when the deployment began. */
    digests?: Record<string, string>
    /** Container port -> port on the machine's loopback address. */
    ports: Record<string, number>
    /** Container -> when the last line was printed that has been sent, in milliseconds since 1970. */
    logsUntil: Record<string, number>
  }
}

export type ContainerOverride = z.infer<typeof schemas.containerOverride>

/** In the shape of Application Auto Scaling. */
export type ScalableTarget = {
  ScalableTargetARN: string
  ServiceNamespace: string
  ResourceId: string
  ScalableDimension: string
  MinCapacity: number
  MaxCapacity: number
  CreationTime: number
  SuspendedState?: { DynamicScalingInSuspended?: boolean; DynamicScalingOutSuspended?: boolean; ScheduledScalingSuspended?: boolean }
  own: { tags: Record<string, string> }
}

/** In the shape of Application Auto Scaling. */
export type ScalingPolicy = {
  PolicyARN: string
  PolicyName: string
  PolicyType: string
  ServiceNamespace: string
  ResourceId: string
  ScalableDimension: string
  Alarms: { AlarmName: string; AlarmARN: string }[]
  CreationTime: number
  [member: string]: unknown
}

/** In the shape of Application Auto Scaling. */
export type ScalingActivity = {
  ActivityId: string
  ServiceNamespace: string
  ResourceId: string
  ScalableDimension: string
  Description: string
  Cause: string
  StartTime: number
  EndTime?: number
  StatusCode: string
  StatusMessage: string
  /** The count that was set, of which target. */
  own: { targetArn: string; count: number }
}

/** In the shape of Application Auto Scaling. */
export type ScheduledAction = {
  ScheduledActionARN: string
  ScheduledActionName: string
  ServiceNamespace: string
  ResourceId: string
  ScalableDimension: string
  Schedule: string
  Timezone?: string
  StartTime?: number
  EndTime?: number
  ScalableTargetAction: { MinCapacity?: number; MaxCapacity?: number }
  CreationTime: number
  /** `due`: when it acts next, in seconds since 1970. */
  own: { due?: number }
}

import { AwsError } from '../aws-error.ts'
import { ecsArn, nameOf } from '../arn.ts'
import { now } from '../clock.ts'
import type { DeploymentController } from '../deployments/controller.ts'
import { findCluster } from './clusters.ts'
import { checkDeploymentConfiguration, checkLaunch, checkProviders } from './service-checks.ts'
import { paginate, type Inputs } from './schemas.ts'
import type { Cluster, Deployment, DeploymentConfiguration, Scope, Service, TaskDefinition } from '../records.ts'
import type { State } from '../state.ts'
import { findTaskDefinition, requireActive } from './task-definitions.ts'
import { decideHook } from '../deployments/lifecycle-hooks.ts'
import { primaryOf, requestStop } from '../deployments/rollouts.ts'
import type { TargetHealth } from '../elb/target-health.ts'

/** Without its `own` part a record is what the API shows. */
export function shown<Record extends { own: unknown }>({ own: _, ...visible }: Record): Omit<Record, 'own'> {
  return visible
}

const arnOf = (cluster: Cluster, scope: Scope, name: string) => ecsArn(scope, `service/${cluster.clusterName}/${nameOf(name)}`)

/** @throws AwsError `ClusterNotFoundException`, `ServiceNotFoundException` */
export function findService(state: State, scope: Scope, cluster: string, name: string): Service {
  const service = state.services[arnOf(findCluster(state, scope, cluster), scope, name)]
  if (!service) throw new AwsError('ServiceNotFoundException', 'Service not found.')
  return service
}

/** Defaults: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html */
const defaultConfiguration: DeploymentConfiguration = {
  maximumPercent: 200,
  minimumHealthyPercent: 100,
  deploymentCircuitBreaker: { enable: false, rollback: false },
  strategy: 'ROLLING',
  bakeTimeInMinutes: 0,
}

/** Settings whose change makes a new deployment: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html */
const redeploying = [
  'taskDefinition', 'capacityProviderStrategy', 'networkConfiguration', 'platformVersion', 'loadBalancers', 'serviceRegistries',
  'enableECSManagedTags', 'enableExecuteCommand', 'propagateTags',
] as const

type Options = { state: State; deployments: DeploymentController; health: TargetHealth }

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html */
export function serviceCalls({ state, deployments, health }: Options) {
  const find = (scope: Scope, cluster: string, name: string) => findService(state, scope, cluster, name)
  const findActive = (scope: Scope, clusterName: string, name: string): Service => {
    const service = find(scope, clusterName, name)
    if (service.status === 'ACTIVE') return service
    throw new AwsError('ServiceNotActiveException', 'Service was not ACTIVE.')
  }
  const render = (service: Service, include: string[] = ['TAGS']) => ({
    ...shown(service),
    deployments: service.deployments.map(shown),
    currentServiceRevisions: service.deployments.map(countTasks),
    currentServiceDeployment: Object.values(state.serviceDeployments).find(({ own }) => own.deploymentId === primaryOf(service)?.id)?.serviceDeploymentArn,
    tags: include.includes('TAGS') ? (state.tags[service.serviceArn] ?? []) : undefined,
  })

  const checkLoadBalancers = (loadBalancers: Service['loadBalancers'], { containerDefinitions }: TaskDefinition) => {
    for (const { targetGroupArn, containerName, containerPort } of loadBalancers) {
      if (!health.has(targetGroupArn)) throw invalid(`The specified target group does not exist. Target group arn: ${targetGroupArn}`)
      if (!health.group(targetGroupArn)?.inUse) {
        throw invalid(`The target group with targetGroupArn ${targetGroupArn} does not have an associated load balancer.`)
      }
      const container = containerDefinitions.find(({ name }) => name === containerName)
      if (!container) throw invalid(`The container ${containerName} does not exist in the task definition.`)
      if (!container.portMappings.some((mapping) => mapping.containerPort === containerPort)) {
        throw invalid(`The container ${containerName} did not have a container port ${containerPort} defined.`)
      }
    }
  }

  return {
    CreateService: (scope: Scope, input: Inputs['CreateService']) => {
      const cluster = findCluster(state, scope, input.cluster)
      const serviceArn = arnOf(cluster, scope, input.serviceName)
      const known = state.services[serviceArn]
      if (known && known.status !== 'INACTIVE') throw invalid('Creation of service was not idempotent.')
      const definition = requireActive(findTaskDefinition(state, scope, input.taskDefinition ?? ''))
      const { loadBalancers = [], networkConfiguration } = input
      const deploymentConfiguration = { ...defaultConfiguration, ...compact(input.deploymentConfiguration) }
      checkLaunch(input, cluster, definition)
      checkDeploymentConfiguration(deploymentConfiguration)
      checkLoadBalancers(loadBalancers, definition)
      const strategy = input.capacityProviderStrategy ?? (input.launchType ? undefined : cluster.defaultCapacityProviderStrategy)
      const service: Service = {
        serviceArn,
        serviceName: input.serviceName,
        clusterArn: cluster.clusterArn,
        status: 'ACTIVE',
        desiredCount: input.desiredCount ?? 0,
        runningCount: 0,
        pendingCount: 0,
        loadBalancers,
        serviceRegistries: input.serviceRegistries ?? [],
        ...(strategy?.length ? { capacityProviderStrategy: strategy } : { launchType: input.launchType ?? 'FARGATE' }),
        platformVersion: input.platformVersion ?? 'LATEST',
        platformFamily: 'Linux',
        taskDefinition: definition.taskDefinitionArn,
        deploymentConfiguration,
        deployments: [],
        events: [],
        createdAt: now(),
        networkConfiguration,
        ...(input.healthCheckGracePeriodSeconds === undefined ? {} : { healthCheckGracePeriodSeconds: input.healthCheckGracePeriodSeconds }),
        enableECSManagedTags: input.enableECSManagedTags ?? false,
        enableExecuteCommand: input.enableExecuteCommand ?? false,
        propagateTags: input.propagateTags ?? 'NONE',
        own: { steady: false },
        ...fixed(input, scope),
      }
      state.services[serviceArn] = service
      state.tags[serviceArn] = input.tags ?? []
      deployments.begin(service)
      return { service: render(service) }
    },

    UpdateService: (scope: Scope, { cluster, service: name, forceNewDeployment, ...input }: Inputs['UpdateService']) => {
      const service = findActive(scope, cluster, name)
      const { deploymentConfiguration: given, taskDefinition: reference, ...rest } = input
      const deploymentConfiguration = { ...service.deploymentConfiguration, ...compact(given) }
      checkDeploymentConfiguration(deploymentConfiguration)
      checkProviders(input.capacityProviderStrategy ?? [], findCluster(state, scope, cluster))
      const definition = reference ? requireActive(findTaskDefinition(state, scope, reference)) : undefined
      const changes = compact({ ...rest, taskDefinition: definition?.taskDefinitionArn })
      const redeploy = forceNewDeployment || redeploying.some((key) => key in changes && differs(service[key as keyof Service], changes[key as keyof typeof changes]))
      if (input.loadBalancers) checkLoadBalancers(input.loadBalancers, definition ?? findTaskDefinition(state, scope, service.taskDefinition))
      Object.assign(service, changes, { deploymentConfiguration })
      if (input.capacityProviderStrategy?.length) delete service.launchType
      if (redeploy) deployments.begin(service)
      service.own.steady = false
      deployments.wake()
      return { service: render(service) }
    },

    DescribeServices: (scope: Scope, { cluster, services, include }: Inputs['DescribeServices']) => {
      const found = findCluster(state, scope, cluster)
      const arns = services.map((name) => arnOf(found, scope, name))
      return {
        services: arns.flatMap((arn) => (state.services[arn] ? [render(state.services[arn], include)] : [])),
        failures: arns.filter((arn) => !state.services[arn]).map((arn) => ({ arn, reason: 'MISSING' })),
      }
    },

    ListServices: (scope: Scope, input: Inputs['ListServices']) => {
      const { clusterArn } = findCluster(state, scope, input.cluster)
      const active = Object.values(state.services).filter((each) => each.clusterArn === clusterArn && each.status !== 'INACTIVE')
      const { items, ...next } = paginate(active, input)
      return { serviceArns: items.map(({ serviceArn }) => serviceArn), ...next }
    },

    DeleteService: (scope: Scope, { cluster, service: name, force }: Inputs['DeleteService']) => {
      const service = find(scope, cluster, name)
      if (service.status === 'INACTIVE') throw new AwsError('ServiceNotActiveException', 'Service was not ACTIVE.')
      if (!force && service.desiredCount > 0) throw invalid('The service cannot be stopped while it is scaled above 0.')
      Object.assign(service, { status: 'DRAINING', desiredCount: 0 })
      deployments.wake()
      return { service: render(service) }
    },

    ListServiceDeployments: (scope: Scope, input: Inputs['ListServiceDeployments']) => {
      const { serviceArn } = find(scope, input.cluster, input.service)
      const { before = Infinity, after = -Infinity } = input.createdAt ?? {}
      const records = Object.values(state.serviceDeployments)
        .filter((each) => each.serviceArn === serviceArn && each.createdAt > after && each.createdAt < before)
        .filter(({ status }) => !input.status?.length || input.status.includes(status))
        .toSorted((a, b) => b.createdAt - a.createdAt)
      const { items, ...next } = paginate(records, input)
      const brief = items.map(({ serviceDeploymentArn, clusterArn, startedAt, createdAt, finishedAt, targetServiceRevision, status, statusReason }) => ({
        serviceDeploymentArn, serviceArn, clusterArn, startedAt, createdAt, finishedAt, status, statusReason,
        targetServiceRevisionArn: targetServiceRevision.arn,
      }))
      return { serviceDeployments: brief, ...next }
    },

    DescribeServiceDeployments: (_: Scope, { serviceDeploymentArns }: Inputs['DescribeServiceDeployments']) => ({
      serviceDeployments: serviceDeploymentArns.flatMap((arn) => {
        const record = state.serviceDeployments[arn]
        return record ? [{ ...shown(record), ...counts(record.targetServiceRevision.arn, record.sourceServiceRevisions) }] : []
      }),
      failures: missing(serviceDeploymentArns, state.serviceDeployments),
    }),

    ContinueServiceDeployment: (_: Scope, { serviceDeploymentArn, hookId, action }: Inputs['ContinueServiceDeployment']) => {
      const record = state.serviceDeployments[serviceDeploymentArn]
      if (!record) throw new AwsError('ServiceDeploymentNotFoundException', 'Service deployment not found.')
      decideHook(record, hookId, action)
      if (action === 'ROLLBACK') requestStop(record, 'ROLLBACK')
      deployments.wake()
      return { serviceDeploymentArn }
    },

    StopServiceDeployment: (_: Scope, { serviceDeploymentArn, stopType }: Inputs['StopServiceDeployment']) => {
      const record = state.serviceDeployments[serviceDeploymentArn]
      if (!record) throw new AwsError('ServiceDeploymentNotFoundException', 'Service deployment not found.')
      const service = state.services[record.serviceArn]
      const primary = service && primaryOf(service)
      if (!service || !primary || record.status !== 'IN_PROGRESS' || primary.id !== record.own.deploymentId) {
        throw new AwsError('ConflictException', `Service deployment is in the status ${record.status} and cannot be stopped.`)
      }
      requestStop(record, stopType)
      return { serviceDeploymentArn }
    },

    DescribeServiceRevisions: (_: Scope, { serviceRevisionArns }: Inputs['DescribeServiceRevisions']) => ({
      serviceRevisions: serviceRevisionArns.flatMap((arn) => state.serviceRevisions[arn] ?? []),
      failures: missing(serviceRevisionArns, state.serviceRevisions),
    }),
  }

  function counts(target: string, sources: { arn: string }[]) {
    const all = Object.values(state.services).flatMap(({ deployments: each }) => each)
    const of = (arn: string) => {
      const found = all.find(({ own }) => own.revisionArn === arn)
      return found ? countTasks(found) : { arn, requestedTaskCount: 0, runningTaskCount: 0, pendingTaskCount: 0 }
    }
    return { targetServiceRevision: of(target), sourceServiceRevisions: sources.map(({ arn }) => of(arn)) }
  }
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceCurrentRevisionSummary.html */
const countTasks = ({ own, desiredCount, runningCount, pendingCount }: Deployment) => ({
  arn: own.revisionArn,
  requestedTaskCount: desiredCount,
  runningTaskCount: runningCount,
  pendingTaskCount: pendingCount,
})

/** What is told back as it was given, or always the same. */
function fixed(input: Inputs['CreateService'], { account }: Scope) {
  return {
    schedulingStrategy: input.schedulingStrategy,
    deploymentController: input.deploymentController,
    availabilityZoneRebalancing: input.availabilityZoneRebalancing ?? 'ENABLED',
    placementConstraints: input.placementConstraints ?? [],
    placementStrategy: input.placementStrategy ?? [],
    createdBy: `arn:aws:iam::${account}:root`,
    roleArn: `arn:aws:iam::${account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS`,
  }
}

function compact<Value extends object>(value: Value | undefined): Partial<{ [Key in keyof Value]: NonNullable<Value[Key]> }> {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([, each]) => each !== undefined)) as never
}

const differs = (a: unknown, b: unknown) => JSON.stringify(a) !== JSON.stringify(b)

const invalid = (message: string) => new AwsError('InvalidParameterException', message)

function missing(arns: string[], records: Record<string, unknown>) {
  return arns.filter((arn) => !records[arn]).map((arn) => ({ arn, reason: 'MISSING' }))
}

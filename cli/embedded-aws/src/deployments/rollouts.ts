import { ecsArn, nameOf, newNumber, scopeOf } from '../arn.ts'
import { now } from '../clock.ts'
import type { Deployment, Launch, Service, ServiceDeployment } from '../records.ts'
import type { State } from '../state.ts'
import { failureThreshold } from './circuit-breaker.ts'
import { addEvent, texts } from './service-events.ts'

const running = ['IN_PROGRESS', 'STOP_REQUESTED', 'ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS']

export const primaryOf = ({ deployments }: Service) => deployments.find(({ status }) => status === 'PRIMARY')

/** What a deployment takes over from its service. */
export function launchOf(from: Launch): Launch {
  const { taskDefinition, launchType, capacityProviderStrategy, platformVersion, platformFamily, networkConfiguration } = from
  return {
    taskDefinition,
    launchType,
    capacityProviderStrategy,
    platformVersion,
    platformFamily,
    networkConfiguration,
  }
}

/** Makes the service's present settings its new primary deployment. */
export function beginDeployment(state: State, service: Service): Deployment {
  const scope = scopeOf(service.serviceArn)
  const number = newNumber()
  const path = `${nameOf(service.clusterArn)}/${service.serviceName}`
  const revisionArn = ecsArn(scope, `service-revision/${path}/${number}`)
  const before = primaryOf(service)
  const id = `ecs-svc/${number}`
  const launch = launchOf(service)
  state.serviceRevisions[revisionArn] = {
    ...launch,
    serviceRevisionArn: revisionArn,
    serviceArn: service.serviceArn,
    clusterArn: service.clusterArn,
    loadBalancers: service.loadBalancers,
    createdAt: now(),
    containerImages: (state.taskDefinitions[service.taskDefinition]?.containerDefinitions ?? []).map(({ name, image }) => ({ containerName: name, image })),
  }
  const deployment: Deployment = {
    ...launch,
    id,
    status: 'PRIMARY',
    desiredCount: service.desiredCount,
    pendingCount: 0,
    runningCount: 0,
    failedTasks: 0,
    createdAt: now(),
    updatedAt: now(),
    rolloutState: 'IN_PROGRESS',
    rolloutStateReason: `ECS deployment ${id} in progress.`,
    own: { revisionArn, loadBalancers: service.loadBalancers, launchAfter: 0 },
  }
  const superseded = findServiceDeployment(state, service)
  if (superseded) end(superseded, 'STOPPED', 'Service deployment was stopped because a newer one was started.')
  if (before) before.status = 'ACTIVE'
  const sources = service.deployments.filter((each) => each === before || each.runningCount + each.pendingCount > 0)
  service.deployments.unshift(deployment)
  recordServiceDeployment(state, service, deployment, sources.map(({ own }) => own.revisionArn))
  service.own.steady = false
  return deployment
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html */
function recordServiceDeployment(state: State, service: Service, deployment: Deployment, sources: string[]): void {
  const { deploymentConfiguration, serviceArn, clusterArn } = service
  const path = `${nameOf(clusterArn)}/${service.serviceName}`
  const arn = ecsArn(scopeOf(serviceArn), `service-deployment/${path}/${nameOf(deployment.id)}`)
  const { alarms, deploymentCircuitBreaker } = deploymentConfiguration
  state.serviceDeployments[arn] = {
    serviceDeploymentArn: arn,
    serviceArn,
    clusterArn,
    createdAt: now(),
    startedAt: now(),
    updatedAt: now(),
    status: 'IN_PROGRESS',
    targetServiceRevision: { arn: deployment.own.revisionArn },
    sourceServiceRevisions: sources.map((source) => ({ arn: source })),
    deploymentConfiguration,
    deploymentCircuitBreaker: {
      status: deploymentCircuitBreaker.enable ? 'MONITORING' : 'DISABLED',
      failureCount: 0,
      threshold: failureThreshold(deploymentCircuitBreaker, service.desiredCount),
    },
    alarms: alarms?.enable ? { status: 'MONITORING', alarmNames: alarms.alarmNames, triggeredAlarmNames: [] } : undefined,
    own: { deploymentId: deployment.id },
  }
}

/** The service deployment that is under way. */
export function findServiceDeployment(state: State, { serviceArn }: Service): ServiceDeployment | undefined {
  return Object.values(state.serviceDeployments).find((each) => each.serviceArn === serviceArn && running.includes(each.status))
}

function end(record: ServiceDeployment, status: string, reason?: string): void {
  Object.assign(record, { status, finishedAt: now(), updatedAt: now(), statusReason: reason ?? record.statusReason })
  if (status === 'STOPPED') record.stoppedAt = now()
  if (record.deploymentCircuitBreaker.status === 'MONITORING') record.deploymentCircuitBreaker.status = 'MONITORING_COMPLETE'
  if (record.alarms?.status === 'MONITORING') record.alarms.status = 'MONITORING_COMPLETE'
}

/**
 * Notes that somebody wants a deployment to end; the controller carries it out a moment later.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopServiceDeployment.html
 */
export function requestStop(record: ServiceDeployment, stopType: 'ABORT' | 'ROLLBACK'): void {
  Object.assign(record, { status: stopType === 'ROLLBACK' ? 'ROLLBACK_REQUESTED' : 'STOP_REQUESTED', updatedAt: now() })
}

/** Whether that was asked for. */
export const stopRequested = ({ status }: ServiceDeployment) => status === 'STOP_REQUESTED' || status === 'ROLLBACK_REQUESTED'

/** The primary deployment has what it needs to be complete; tasks of others that still run are listed with theirs. */
export function completeDeployment(state: State, service: Service, deployment: Deployment): void {
  Object.assign(deployment, {
    rolloutState: 'COMPLETED',
    rolloutStateReason: `ECS deployment ${deployment.id} completed.`,
    updatedAt: now(),
  })
  const others = service.deployments.filter((each) => each !== deployment && each.runningCount + each.pendingCount > 0)
  for (const other of others) other.desiredCount = 0
  service.deployments = [deployment, ...others]
  const record = findServiceDeployment(state, service)
  if (record) end(record, record.rollback ? 'ROLLBACK_SUCCESSFUL' : 'SUCCESSFUL')
  addEvent(service, texts.completed(deployment.id))
}

/** The deployment that one replaces, and that a rollback goes back to: the last that was complete. */
export const sourceOf = ({ deployments }: Service, { id }: Deployment): Deployment | undefined =>
  deployments.find((each) => each.id !== id && each.rolloutState === 'COMPLETED')

export type Failure = {
  /** `tasks failed to start`, `alarm detected` … */
  event: string
  /** What found it, at the start of the rollout state's reason. */
  cause: 'ECS deployment circuit breaker' | 'ECS deployment alarm' | 'ECS deployment'
  rollback: boolean
  triggeredAlarms?: string[]
}

/**
 * Ends the primary deployment as failed and, where asked for, makes the last completed one primary again.
 * Without one there is nothing to go back to: the failed deployment stays, and nothing more is started.
 */
export function failDeployment(state: State, service: Service, deployment: Deployment, failure: Failure): void {
  const { event, cause, rollback, triggeredAlarms } = failure
  Object.assign(deployment, { rolloutState: 'FAILED', rolloutStateReason: `${cause}: ${event}.`, updatedAt: now() })
  addEvent(service, texts.failed(deployment.id, event))
  const target = sourceOf(service, deployment)
  const record = findServiceDeployment(state, service)
  if (record) {
    record.updatedAt = now()
    if (cause === 'ECS deployment circuit breaker') record.deploymentCircuitBreaker.status = 'TRIGGERED'
    if (record.alarms && triggeredAlarms) Object.assign(record.alarms, { status: 'TRIGGERED', triggeredAlarmNames: triggeredAlarms })
  }
  if (!rollback || !target) {
    if (record) end(record, rollback ? 'ROLLBACK_FAILED' : 'STOPPED', deployment.rolloutStateReason)
    return
  }
  const reason = `${cause}: rolling back to deploymentId ${target.id}.`
  deployment.status = 'ACTIVE'
  deployment.desiredCount = 0
  Object.assign(target, {
    status: 'PRIMARY',
    rolloutState: 'IN_PROGRESS',
    rolloutStateReason: reason,
    desiredCount: service.desiredCount,
    failedTasks: 0,
    updatedAt: now(),
  })
  target.own.launchAfter = 0
  Object.assign(service, launchOf(target), { loadBalancers: target.own.loadBalancers })
  service.deployments = [target, ...service.deployments.filter(({ id }) => id !== target.id)]
  if (record) {
    Object.assign(record, {
      status: 'ROLLBACK_IN_PROGRESS',
      statusReason: `${cause}: ${event}.`,
      rollback: { reason: `${cause}: ${event}.`, startedAt: now(), serviceRevisionArn: target.own.revisionArn },
    })
  }
  addEvent(service, texts.rollingBack(target.id))
}

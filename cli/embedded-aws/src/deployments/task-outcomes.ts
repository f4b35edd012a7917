import { now, type Clock } from '../clock.ts'
import type { Deployment, Service, Task } from '../records.ts'
import type { State } from '../state.ts'
import { countFailures } from './circuit-breaker.ts'
import { findServiceDeployment } from './rollouts.ts'
import { addEvent, texts } from './service-events.ts'

/** The longest pause between starts: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html */
const maxBackOffSeconds = 27 * 60
/** AWS names no steps; these double from here, so that a breaker of three failures opens within a minute. */
const firstBackOffSeconds = 5

/** Counts what became of a service's tasks: for its deployments, for the circuit breaker, and for the pause before the next start. */
export function createTaskOutcomes({ state, clock, isReady }: { state: State; clock: Clock; isReady: (task: Task) => boolean }) {
  /** Once for every task that became healthy, and for every one that ended without having been asked to. */
  const count = (service: Service, task: Task) => {
    const deployment = service.deployments.find(({ id }) => id === task.own.deploymentId)
    if (!task.own.wasHealthy && isReady(task)) {
      task.own.wasHealthy = true
      if (deployment) noteHealthy(service, deployment)
    }
    if (task.desiredStatus !== 'STOPPED' || task.own.counted) return
    task.own.counted = true
    if (deployment && isFailure(task)) noteFailure(service, deployment)
  }

  const noteHealthy = (service: Service, deployment: Deployment) => {
    if (deployment.rolloutState === 'FAILED') return
    deployment.failedTasks = 0
    countForBreaker(service, deployment, 'healthy')
  }

  const noteFailure = (service: Service, deployment: Deployment) => {
    service.own.steady = false
    if (deployment.rolloutState === 'FAILED') return
    deployment.failedTasks++
    deployment.updatedAt = now()
    const pause = Math.min(maxBackOffSeconds, firstBackOffSeconds * 2 ** (deployment.failedTasks - 1))
    deployment.own.launchAfter = now() + clock.ms(pause) / 1000
    if (deployment.failedTasks === 3) addEvent(service, texts.unableToStart())
    countForBreaker(service, deployment, 'failed')
  }

  /** The circuit breaker counts the tasks of the deployment that it watches, and no others. */
  const countForBreaker = (service: Service, { id }: Deployment, task: 'failed' | 'healthy') => {
    const record = findServiceDeployment(state, service)
    if (record?.own.deploymentId !== id || record.rollback) return
    const { deploymentCircuitBreaker: counted } = record
    counted.failureCount = countFailures(service.deploymentConfiguration.deploymentCircuitBreaker, counted.failureCount, task)
  }

  return { count }
}

/** Users and the scheduler's own scaling stop tasks without a failure. */
function isFailure({ stopCode, stoppedReason = '' }: Task): boolean {
  if (stopCode === 'UserInitiated' || stopCode === 'SpotInterruption') return false
  return stopCode !== 'ServiceSchedulerInitiated' || stoppedReason.startsWith('Task failed')
}

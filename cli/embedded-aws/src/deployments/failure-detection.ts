import { z } from 'zod'
import { scopeOf } from '../arn.ts'
import type { Clock } from '../clock.ts'
import type { Deployment, Service, ServiceDeployment } from '../records.ts'
import type { State } from '../state.ts'
import type { Upstream } from '../upstream.ts'
import { failureThreshold } from './circuit-breaker.ts'
import { expireHooks } from './lifecycle-hooks.ts'
import { findServiceDeployment, stopRequested, type Failure } from './rollouts.ts'

/** Between a request to stop a deployment and its end; AWS names no number. */
const stopSeconds = 1

const alarmStates = z.object({ MetricAlarms: z.array(z.object({ AlarmName: z.string(), StateValue: z.string() })).default([]) })

/** Tells when a deployment under way has failed: by somebody's request, a hook that ran out, the circuit breaker, or an alarm. */
export function createFailureDetection({ state, upstream, clock }: { state: State; upstream: Upstream; clock: Clock }) {
  return async (service: Service, primary: Deployment): Promise<Failure | undefined> => {
    const record = findServiceDeployment(state, service)
    if (primary.rolloutState !== 'IN_PROGRESS' || !record || record.rollback) return undefined
    if (stopRequested(record)) return findRequest(record)
    if (expireHooks(record)) return { cause: 'ECS deployment', event: 'lifecycle hook timed out', rollback: true }
    return askBreaker(service, record) ?? (await askAlarms(service, primary, record))
  }

  function findRequest(record: ServiceDeployment): Failure | undefined {
    if (clock.since(record.updatedAt) < stopSeconds) return undefined
    return { cause: 'ECS deployment', event: 'stopped by the user', rollback: record.status === 'ROLLBACK_REQUESTED' }
  }

  function askBreaker({ deploymentConfiguration, desiredCount }: Service, record: ServiceDeployment): Failure | undefined {
    const { deploymentCircuitBreaker: breaker } = deploymentConfiguration
    const { deploymentCircuitBreaker: counted } = record
    counted.threshold = failureThreshold(breaker, desiredCount)
    if (!breaker.enable || counted.failureCount < counted.threshold) return undefined
    return { cause: 'ECS deployment circuit breaker', event: 'tasks failed to start', rollback: breaker.rollback }
  }

  /**
   * An alarm that is on when a deployment starts turns the watching off for all of it, so that the cure can be deployed.
   * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
   */
  async function askAlarms(service: Service, primary: Deployment, record: ServiceDeployment): Promise<Failure | undefined> {
    const { alarms } = service.deploymentConfiguration
    if (!alarms?.enable || primary.own.ignoresAlarms) return undefined
    const asked = { AlarmNames: alarms.alarmNames }
    const { MetricAlarms } = await upstream.read(alarmStates, scopeOf(service.serviceArn), 'monitoring', 'DescribeAlarms', asked)
    const triggeredAlarms = MetricAlarms.filter(({ StateValue }) => StateValue === 'ALARM').map(({ AlarmName }) => AlarmName)
    if (primary.own.ignoresAlarms === undefined) {
      primary.own.ignoresAlarms = triggeredAlarms.length > 0
      if (record.alarms && primary.own.ignoresAlarms) record.alarms.status = 'DISABLED'
      return undefined
    }
    if (triggeredAlarms.length === 0) return undefined
    return { cause: 'ECS deployment alarm', event: 'alarm detected', rollback: alarms.rollback, triggeredAlarms }
  }
}

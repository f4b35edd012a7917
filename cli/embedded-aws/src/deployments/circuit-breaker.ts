import type { CircuitBreaker } from '../records.ts'

const defaultThreshold = { type: 'BOUNDED_PERCENT', value: 50 } as const

/**
 * Failures after which the circuit breaker opens.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ThresholdConfiguration.html
 * @param desiredCount the service's latest: scaling during a deployment moves the threshold
 */
export function failureThreshold({ thresholdConfiguration }: CircuitBreaker, desiredCount: number): number {
  const { type, value } = thresholdConfiguration ?? defaultThreshold
  if (type === 'COUNT') return value
  const share = Math.ceil((desiredCount * value) / 100)
  return type === 'BOUNDED_PERCENT' ? Math.min(200, Math.max(3, share)) : Math.max(1, share)
}

/**
 * The count of failures after one more task of the deployment failed or became healthy: failures in a row, or all of
 * them where a healthy task does not reset the count.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentCircuitBreaker.html
 */
export function countFailures({ resetOnHealthyTask = true }: CircuitBreaker, failureCount: number, task: 'failed' | 'healthy'): number {
  if (task === 'failed') return failureCount + 1
  return resetOnHealthyTask ? 0 : failureCount
}

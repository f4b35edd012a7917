import { scopeOf } from '../arn.ts'
import { dimensions, type Metrics, type Series } from '../cloudwatch/metrics.ts'

/** The last part of the ARN of a load balancer or of a target group, as dimensions name it. */
const balancerDimension = (arn: string) => arn.slice(arn.indexOf(':loadbalancer/') + ':loadbalancer/'.length)
const groupDimension = (arn: string) => arn.slice(arn.indexOf(':targetgroup/') + 1)

export type TrafficMetrics = ReturnType<typeof createTrafficMetrics>

/**
 * Counts what load balancers do, as CloudWatch shows it, without the dimension AvailabilityZone.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
 */
export function createTrafficMetrics(metrics: Metrics) {
  const known = new Map<string, Series>()

  /** One series, made once: requests come by the thousand. */
  const series = (name: string, balancer: string, group = '', unit = 'Count'): Series => {
    const key = `${name} ${balancer} ${group}`
    const found = known.get(key)
    if (found) return found
    const of = { ...(balancer ? { LoadBalancer: balancerDimension(balancer) } : {}), ...(group ? { TargetGroup: groupDimension(group) } : {}) }
    const metric = { Namespace: 'AWS/ApplicationELB', MetricName: name, Dimensions: dimensions(of) }
    const made = metrics.series(scopeOf(balancer || group), metric, unit)
    known.set(key, made)
    return made
  }
  /** Of the load balancer, and of the load balancer with its target group. */
  const add = (name: string, balancer: string, group: string, value = 1, unit = 'Count') => {
    series(name, balancer, '', unit).add(value)
    series(name, balancer, group, unit).add(value)
  }

  return {
    /** A target was chosen for a request. @param targets how many the group has that get requests */
    request: (balancer: string, group: string, targets: number) => {
      add('RequestCount', balancer, group)
      for (const each of ['', balancer]) series('RequestCountPerTarget', each, group).add(1 / targets)
    },
    /** A target began to answer. */
    answer: (balancer: string, group: string, status: number, seconds: number) => {
      add(`HTTPCode_Target_${Math.floor(status / 100)}XX_Count`, balancer, group)
      add('TargetResponseTime', balancer, group, Math.round(seconds * 10_000) / 10_000, 'Seconds')
    },
    connectionError: (balancer: string, group: string) => add('TargetConnectionErrorCount', balancer, group),
    /** The load balancer answered by itself. */
    ownAnswer: (balancer: string, status: number) => {
      series(`HTTPCode_ELB_${Math.floor(status / 100)}XX_Count`, balancer).add(1)
      if (status >= 500) series(`HTTPCode_ELB_${status}_Count`, balancer).add(1)
    },
    redirect: (balancer: string) => series('HTTP_Redirect_Count', balancer).add(1),
    fixedResponse: (balancer: string) => series('HTTP_Fixed_Response_Count', balancer).add(1),
    /** How many targets are healthy, and how many are not; where there are any, no request is a count of nought. */
    hosts: (balancer: string, group: string, healthy: number, unhealthy: number) => {
      if (healthy + unhealthy > 0) add('RequestCount', balancer, group, 0)
      if (healthy + unhealthy > 0) for (const each of ['', balancer]) series('RequestCountPerTarget', each, group).add(0)
      series('HealthyHostCount', balancer, group).add(healthy)
      series('UnHealthyHostCount', balancer, group).add(unhealthy)
    },
    connections: (balancer: string, active: number) => series('ActiveConnectionCount', balancer).add(active),
    newConnection: (balancer: string) => series('NewConnectionCount', balancer).add(1),
  }
}

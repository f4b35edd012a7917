import { nameOf, scopeOf } from '../arn.ts'
import type { Clock } from '../clock.ts'
import type { Balancer } from '../elb/balancer.ts'
import type { TargetHealth } from '../elb/target-health.ts'
import type { TrafficMetrics } from '../elb/traffic-metrics.ts'
import type { Service, Task } from '../records.ts'
import type { Store } from '../state.ts'
import type { createAlarms } from './alarms.ts'
import { dimensions, type Metrics } from './metrics.ts'

type Options = {
  store: Store
  metrics: Metrics
  traffic: TrafficMetrics
  balancer: Balancer
  health: TargetHealth
  measureTasks: (tasks: Task[]) => Promise<void>
  alarms: ReturnType<typeof createAlarms>
  clock: Clock
  log: (line: string) => void
}

const tickSeconds = 10
/** At any speed no more often than this, in real time: the engine is asked about every container. */
const leastMilliseconds = 500

/** Measures by the clock what does not come by itself, and then evaluates the alarms. */
export function createMonitor({ store, metrics, traffic, balancer, health, measureTasks, alarms, clock, log }: Options) {
  const countHosts = () => {
    for (const [balancerArn, group] of balancer.attachments()) {
      const states = health.describe(group).map(({ state }) => state)
      const healthy = states.filter((state) => state === 'healthy').length
      traffic.hosts(balancerArn, group, healthy, states.filter((state) => state === 'unhealthy').length)
    }
    for (const { arn, open } of balancer.connections()) traffic.connections(arn, open)
  }

  /** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html */
  const countTasks = (service: Service) => {
    const of = dimensions({ ClusterName: nameOf(service.clusterArn), ServiceName: service.serviceName })
    const counts = {
      DesiredTaskCount: service.desiredCount,
      RunningTaskCount: service.runningCount,
      PendingTaskCount: service.pendingCount,
      DeploymentCount: service.deployments.length,
    }
    for (const [MetricName, count] of Object.entries(counts)) {
      metrics.series(scopeOf(service.serviceArn), { Namespace: 'ECS/ContainerInsights', MetricName, Dimensions: of }, 'Count').add(count)
    }
  }

  const hasInsights = ({ clusterArn, status }: Service) =>
    status === 'ACTIVE' && store.state.clusters[clusterArn]?.settings.some(({ name, value }) => name === 'containerInsights' && value !== 'disabled')

  const tick = async () => {
    countHosts()
    Object.values(store.state.services).filter(hasInsights).forEach(countTasks)
    await measureTasks(Object.values(store.state.tasks))
    await alarms.evaluate()
  }

  let timer: NodeJS.Timeout | undefined
  let working = Promise.resolve()
  let busy = false
  const run = () => {
    if (busy) return
    busy = true
    working = tick()
      .catch((error: Error) => log(`metrics: ${error.stack}`))
      .finally(() => (busy = false))
  }
  return {
    start: () => void (timer = setInterval(run, Math.max(clock.ms(tickSeconds), leastMilliseconds)).unref()),
    stop: async () => {
      clearInterval(timer)
      await working
    },
  }
}

import { nameOf, scopeOf } from '../arn.ts'
import { now, type Clock } from '../clock.ts'
import { dimensions, type Metrics } from '../cloudwatch/metrics.ts'
import type { Task } from '../records.ts'
import { answers, type EngineApi } from '../engine/engine-api.ts'

/**
 * Measures what tasks use of what they have reserved.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service_utilization.html
 */
export function createUsage({ engine, metrics, clock }: { engine: EngineApi; metrics: Metrics; clock: Clock }) {
  const before = new Map<string, { at: number; nanoseconds: number }>()

  const measure = async (task: Task) => {
    const ids = task.containers.flatMap(({ runtimeId, lastStatus }) => (runtimeId && lastStatus === 'RUNNING' ? [runtimeId] : []))
    const query = { stream: 'false', 'one-shot': 'true' }
    const stats = await Promise.all(ids.map((id) => engine.read(answers.stats, 'GET', `/containers/${id}/stats`, { query })))
    const nanoseconds = stats.reduce((sum, { cpu_stats }) => sum + cpu_stats.cpu_usage.total_usage, 0)
    const bytes = stats.reduce((sum, { memory_stats: { usage = 0, stats: { inactive_file: cached = 0 } = {} } }) => sum + usage - cached, 0)
    const last = before.get(task.taskArn)
    before.set(task.taskArn, { at: now(), nanoseconds })
    report(task, 'MemoryUtilization', (bytes / (Number(task.memory) * 1024 * 1024)) * 100)
    // A container that was started anew begins at nought.
    if (!last || nanoseconds < last.nanoseconds) return
    const cpuSeconds = (nanoseconds - last.nanoseconds) / 1e9
    report(task, 'CPUUtilization', (cpuSeconds / (clock.since(last.at) * (Number(task.cpu) / 1024))) * 100)
  }

  const report = ({ clusterArn, group, taskArn }: Task, MetricName: string, percent: number) => {
    const ClusterName = nameOf(clusterArn)
    const [kind, ServiceName] = group.split(':')
    const all: Record<string, string>[] = [{ ClusterName }, ...(kind === 'service' && ServiceName ? [{ ClusterName, ServiceName }] : [])]
    for (const each of all) metrics.series(scopeOf(taskArn), { Namespace: 'AWS/ECS', MetricName, Dimensions: dimensions(each) }, 'Percent').add(percent)
  }

  return async (tasks: Task[]): Promise<void> => {
    const running = tasks.filter(({ lastStatus }) => lastStatus === 'RUNNING')
    for (const arn of before.keys()) if (!running.some(({ taskArn }) => taskArn === arn)) before.delete(arn)
    // A task that ends meanwhile, or an engine that is away, is one value less.
    await Promise.all(running.map((task) => measure(task).catch(() => undefined)))
  }
}

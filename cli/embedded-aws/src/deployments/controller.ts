import { z } from 'zod'
import { scopeOf } from '../arn.ts'
import { hasRoomFor, type Capacity } from './capacity.ts'
import { now, type Clock } from '../clock.ts'
import type { Deployment, Service, Task, TaskDefinition } from '../records.ts'
import type { Store } from '../state.ts'
import { createReadiness, isAlive } from './readiness.ts'
import { beginDeployment, completeDeployment, failDeployment, failureThreshold, findServiceDeployment, primaryOf, stopRequested } from './rollouts.ts'
import { addEvent, collectTargetChanges, texts } from './service-events.ts'
import type { TargetHealth } from '../elb/target-health.ts'
import { newTask } from '../tasks/new-task.ts'
import type { Tasks } from '../tasks/tasks.ts'
import type { Upstream } from '../upstream.ts'

/** The longest pause between starts: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html */
const maxBackOffSeconds = 27 * 60
/** AWS names no steps; these double from here, so that a breaker of three failures opens within a minute. */
const firstBackOffSeconds = 5
/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html: AWS computes it from the alarm. */
const alarmBakeSeconds = 60
const tickSeconds = 1
/** Between a request to stop a deployment and its end; AWS names no number. */
const stopSeconds = 1
/** Until a task that found no capacity is tried again; AWS names no number. */
const placementPauseSeconds = 15

const alarmStates = z.object({ MetricAlarms: z.array(z.object({ AlarmName: z.string(), StateValue: z.string() })).default([]) })

export type DeploymentController = ReturnType<typeof createDeploymentController>

type Options = {
  store: Store
  tasks: Tasks
  health: TargetHealth
  upstream: Upstream
  clock: Clock
  capacity: Capacity
  log: (line: string) => void
}

/** Brings every service's tasks to what its primary deployment asks for, step by step, as the rolling update does. */
export function createDeploymentController({ store, tasks, health, upstream, clock, capacity, log }: Options) {
  const { state } = store
  const { isReady, findUnhealthy } = createReadiness({ state, health, clock })
  const targetChanges = collectTargetChanges()
  let timer: NodeJS.Timeout | undefined
  let woken = false
  let working: Promise<void> = Promise.resolve()
  let stopped = true

  const wake = () => {
    if (woken || stopped) return
    woken = true
    setImmediate(() => {
      woken = false
      if (!stopped) working = working.then(reconcileAll)
    })
  }

  const reconcileAll = async () => {
    for (const service of Object.values(state.services)) {
      if (service.status === 'INACTIVE') continue
      await reconcile(service).catch((error: Error) => log(`service ${service.serviceName}: ${error.stack}`))
    }
    tasks.forget()
    store.save()
  }

  const reconcile = async (service: Service) => {
    const own = tasks.all().filter(({ group, clusterArn }) => group === `service:${service.serviceName}` && clusterArn === service.clusterArn)
    targetChanges.tell(service)
    for (const task of own) countFailure(service, task)
    if (service.status === 'DRAINING') return drain(service, own)
    const primary = primaryOf(service)
    if (!primary) return
    replaceUnhealthy(service, own)
    await judge(service, primary)
    const current = primaryOf(service) as Deployment
    current.desiredCount = service.desiredCount
    resolveImages(current, own)
    scaleUp(service, current, own)
    scaleDown(service, current, own)
    update(service, own)
    settle(service, current, own)
  }

  /** Once for every task of an unfinished deployment that ended without having been asked to. */
  const countFailure = (service: Service, task: Task) => {
    if (task.desiredStatus !== 'STOPPED' || task.own.counted) return
    task.own.counted = true
    const deployment = service.deployments.find(({ id }) => id === task.own.deploymentId)
    if (!deployment || !isFailure(task)) return
    service.own.steady = false
    if (deployment.status !== 'PRIMARY' || deployment.rolloutState === 'FAILED') return
    deployment.failedTasks++
    deployment.updatedAt = now()
    const pause = Math.min(maxBackOffSeconds, firstBackOffSeconds * 2 ** (deployment.failedTasks - 1))
    deployment.own.launchAfter = now() + clock.ms(pause) / 1000
    if (deployment.failedTasks === 3) addEvent(service, texts.unableToStart())
    const record = findServiceDeployment(state, service)
    if (record) record.deploymentCircuitBreaker.failureCount = deployment.failedTasks
  }

  const replaceUnhealthy = (service: Service, own: Task[]) => {
    const grace = service.healthCheckGracePeriodSeconds ?? 0
    for (const task of own) {
      if (!isAlive(task) || task.lastStatus !== 'RUNNING' || clock.since(task.startedAt ?? 0) < grace) continue
      const target = findUnhealthy(task)
      if (target) {
        addEvent(service, texts.unhealthyTarget(target.port, target.group, target.description ?? ''))
        tasks.stop(task, { code: 'ServiceSchedulerInitiated', reason: `Task failed ELB health checks in (target-group ${target.group})` })
      } else if (task.healthStatus === 'UNHEALTHY') {
        addEvent(service, texts.unhealthyContainer(task))
        tasks.stop(task, { code: 'ServiceSchedulerInitiated', reason: 'Task failed container health checks' })
      }
      if (!isAlive(task)) countFailure(service, task)
    }
  }

  /** Somebody's request, the circuit breaker, and alarms. */
  const judge = async (service: Service, primary: Deployment) => {
    const record = findServiceDeployment(state, service)
    if (primary.rolloutState !== 'IN_PROGRESS' || record?.rollback) return
    if (record && stopRequested(record)) {
      if (clock.since(record.updatedAt) < stopSeconds) return
      const rollback = record.status === 'ROLLBACK_REQUESTED'
      return failDeployment(state, service, primary, { cause: 'ECS deployment', event: 'stopped by the user', rollback })
    }
    const { deploymentCircuitBreaker: breaker, alarms } = service.deploymentConfiguration
    if (breaker.enable && primary.failedTasks >= failureThreshold(service.desiredCount)) {
      return failDeployment(state, service, primary, { cause: 'ECS deployment circuit breaker', event: 'tasks failed to start', rollback: breaker.rollback })
    }
    if (!alarms?.enable) return
    const asked = { AlarmNames: alarms.alarmNames }
    const { MetricAlarms } = await upstream.read(alarmStates, scopeOf(service.serviceArn), 'monitoring', 'DescribeAlarms', asked)
    const on = MetricAlarms.filter(({ StateValue }) => StateValue === 'ALARM').map(({ AlarmName }) => AlarmName)
    primary.own.ignoredAlarms ??= on
    primary.own.ignoredAlarms = primary.own.ignoredAlarms.filter((name) => on.includes(name))
    const triggeredAlarms = on.filter((name) => !primary.own.ignoredAlarms?.includes(name))
    if (triggeredAlarms.length === 0) return
    failDeployment(state, service, primary, { cause: 'ECS deployment alarm', event: 'alarm detected', rollback: alarms.rollback, triggeredAlarms })
  }

  const scaleUp = (service: Service, primary: Deployment, own: Task[]) => {
    if (primary.rolloutState === 'FAILED' || now() < primary.own.launchAfter) return
    const mine = own.filter((task) => isAlive(task) && task.own.deploymentId === primary.id).length
    const limit = Math.max(1, Math.floor((service.desiredCount * service.deploymentConfiguration.maximumPercent) / 100))
    const count = Math.min(service.desiredCount - mine, limit - own.filter(isAlive).length)
    if (count <= 0) return
    const wanted = Array.from({ length: count }, (_, offset) => plan(service, primary, mine + offset))
    const started = wanted.filter((task) => hasRoomFor(capacity, task))
    service.own.steady = false
    if (started.length < count) {
      addEvent(service, texts.unplaced())
      primary.own.launchAfter = now() + clock.ms(placementPauseSeconds) / 1000
    }
    if (started.length === 0) return
    for (const task of started) tasks.launch(task)
    addEvent(service, texts.started(started))
    own.push(...started)
  }

  /**
   * A deployment's first tasks resolve its tags, and all others run what those digests name.
   * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html#deployment-container-image-stability
   */
  const resolveImages = ({ id, own: { revisionArn } }: Deployment, own: Task[]) => {
    const pulled = own.filter((task) => task.own.deploymentId === id).flatMap(({ containers }) => containers)
    for (const image of state.serviceRevisions[revisionArn]?.containerImages ?? []) {
      image.imageDigest ??= pulled.find(({ name, imageDigest }) => name === image.containerName && imageDigest)?.imageDigest
    }
  }

  const digestsOf = ({ own: { revisionArn } }: Deployment): Record<string, string> => {
    const images = state.serviceRevisions[revisionArn]?.containerImages ?? []
    return Object.fromEntries(images.flatMap(({ containerName, imageDigest }) => (imageDigest ? [[containerName, imageDigest]] : [])))
  }

  const plan = (service: Service, deployment: Deployment, index: number): Task => {
    const definition = state.taskDefinitions[deployment.taskDefinition] as TaskDefinition
    const source = service.propagateTags === 'SERVICE' ? service.serviceArn : deployment.taskDefinition
    return newTask({
      capacity,
      clusterArn: service.clusterArn,
      definition,
      launch: deployment,
      group: `service:${service.serviceName}`,
      index,
      startedBy: deployment.id,
      deploymentId: deployment.id,
      digests: digestsOf(deployment),
      loadBalancers: deployment.own.loadBalancers,
      tags: service.propagateTags && service.propagateTags !== 'NONE' ? (state.tags[source] ?? []) : [],
      enableExecuteCommand: service.enableExecuteCommand,
    })
  }

  const scaleDown = (service: Service, primary: Deployment, own: Task[]) => {
    const alive = own.filter(isAlive)
    const mine = alive.filter(({ own: { deploymentId } }) => deploymentId === primary.id)
    const old = alive.filter(({ own: { deploymentId } }) => deploymentId !== primary.id)
    const surplus = mine.toSorted((a, b) => Number(isReady(a)) - Number(isReady(b))).slice(0, Math.max(0, mine.length - service.desiredCount))
    const minimum = Math.ceil((service.desiredCount * service.deploymentConfiguration.minimumHealthyPercent) / 100)
    let spare = alive.filter((task) => isReady(task) && !surplus.includes(task)).length - minimum
    const leaving = [...surplus]
    for (const task of old) {
      if (!isReady(task)) leaving.push(task)
      else if (spare-- > 0) leaving.push(task)
    }
    const failed = primary.rolloutState === 'FAILED'
    const chosen = failed ? surplus : leaving
    for (const task of chosen) tasks.stop(task, { code: 'ServiceSchedulerInitiated', reason: `Scaling activity initiated by (deployment ${primary.id})` })
    for (const task of chosen) task.own.counted = true
    if (chosen.length > 0) addEvent(service, texts.stopped(chosen))
  }

  const update = (service: Service, own: Task[]) => {
    const count = (deployment: string | undefined, wanted: boolean) =>
      own.filter((task) => isAlive(task) && (!deployment || task.own.deploymentId === deployment) && (task.lastStatus === 'RUNNING') === wanted).length
    service.runningCount = count(undefined, true)
    service.pendingCount = count(undefined, false)
    for (const deployment of service.deployments) {
      deployment.runningCount = count(deployment.id, true)
      deployment.pendingCount = count(deployment.id, false)
      if (deployment.status !== 'PRIMARY') deployment.desiredCount = deployment.rolloutState === 'FAILED' ? 0 : deployment.runningCount
    }
    service.deployments = service.deployments.filter(
      ({ id, status, rolloutState }) => status === 'PRIMARY' || rolloutState === 'COMPLETED' || own.some((task) => isAlive(task) && task.own.deploymentId === id),
    )
  }

  const settle = (service: Service, primary: Deployment, own: Task[]) => {
    const mine = own.filter((task) => isAlive(task) && task.own.deploymentId === primary.id)
    if (mine.some(isReady) && primary.rolloutState !== 'FAILED') primary.failedTasks = 0
    const ready = mine.length === service.desiredCount && mine.every(isReady)
    // A task that still drains its connections keeps the deployment from being complete, so the delay of the target group counts.
    const others = own.some((task) => (isAlive(task) || task.lastStatus === 'DEACTIVATING') && task.own.deploymentId !== primary.id)
    if (!ready || others) {
      delete primary.own.healthySince
      return
    }
    primary.own.healthySince ??= now()
    const baking = service.deploymentConfiguration.alarms?.enable && clock.since(primary.own.healthySince) < alarmBakeSeconds
    if (primary.rolloutState === 'IN_PROGRESS' && !baking) completeDeployment(state, service, primary)
    if (primary.rolloutState === 'COMPLETED' && !service.own.steady) {
      service.own.steady = true
      addEvent(service, texts.steady())
    }
  }

  const drain = (service: Service, own: Task[]) => {
    for (const task of own.filter(isAlive)) {
      task.own.counted = true
      tasks.stop(task, { code: 'ServiceSchedulerInitiated', reason: `Scaling activity initiated by (deployment ${primaryOf(service)?.id})` })
    }
    update(service, own)
    if (own.every(({ lastStatus }) => lastStatus === 'STOPPED')) {
      service.status = 'INACTIVE'
      service.deployments = []
    }
  }

  tasks.subscribe((task, event) => {
    const service = Object.values(state.services).find(
      ({ serviceName, clusterArn, status }) => task.group === `service:${serviceName}` && task.clusterArn === clusterArn && status !== 'INACTIVE',
    )
    if (service && event !== 'changed') {
      for (const { targetGroupArn: group } of task.own.loadBalancers) targetChanges.note(service, { event, group })
    }
    wake()
  })
  health.subscribe(wake)

  return {
    wake,
    /** Starts a deployment of the service's present settings. */
    begin: (service: Service) => {
      const deployment = beginDeployment(state, service)
      wake()
      return deployment
    },
    start: () => {
      stopped = false
      timer = setInterval(wake, clock.ms(tickSeconds))
      wake()
    },
    stop: async () => {
      stopped = true
      clearInterval(timer)
      await working
    },
  }
}

/** Users and the scheduler's own scaling stop tasks without a failure. */
function isFailure({ stopCode, stoppedReason = '' }: Task): boolean {
  if (stopCode === 'UserInitiated' || stopCode === 'SpotInterruption') return false
  return stopCode !== 'ServiceSchedulerInitiated' || stoppedReason.startsWith('Task failed')
}

import { scopeOf } from '../arn.ts'
import { AwsError } from '../aws-error.ts'
import { watchSeconds } from '../cloudwatch/alarms.ts'
import { hasRoomFor, type Capacity } from './capacity.ts'
import { now, type Clock } from '../clock.ts'
import type { Deployment, Service, Task, TaskDefinition } from '../records.ts'
import type { Store } from '../state.ts'
import { createReadiness, isAlive } from './readiness.ts'
import { createFailureDetection } from './failure-detection.ts'
import { isPausedAt } from './lifecycle-hooks.ts'
import { beginDeployment, completeDeployment, failDeployment, findServiceDeployment, primaryOf, sourceOf, stopRequested } from './rollouts.ts'
import { requireRoles } from '../ecs/neighbours.ts'
import { addEvent, collectTargetChanges, texts } from './service-events.ts'
import { createTaskOutcomes } from './task-outcomes.ts'
import type { TargetHealth } from '../elb/target-health.ts'
import { newTask } from '../tasks/new-task.ts'
import type { Tasks } from '../tasks/tasks.ts'
import type { Upstream } from '../upstream.ts'

/** AWS's seconds after which an alarm has surely seen its last period whole. */
const alarmMarginSeconds = 60
const tickSeconds = 1
/** Until a task that found no capacity is tried again; AWS names no number. */
const placementPauseSeconds = 15

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
  const outcomes = createTaskOutcomes({ state, clock, isReady })
  const findFailure = createFailureDetection({ state, upstream, clock })
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
    for (const task of own) outcomes.count(service, task)
    if (service.status === 'DRAINING') return drain(service, own)
    const primary = primaryOf(service)
    if (!primary) return
    replaceUnhealthy(service, own)
    const failure = await findFailure(service, primary)
    if (failure) failDeployment(state, service, primary, failure)
    const current = primaryOf(service) as Deployment
    resolveImages(current, own)
    const paused = isPausedAtStart(service, current)
    keepSource(service, current, own, paused)
    current.desiredCount = service.desiredCount
    if (!paused) {
      if (current.rolloutState !== 'FAILED' && (await hasRoles(service, current))) startTasks(service, current, own)
      scaleDown(service, current, own)
    }
    update(service, own)
    if (!paused) settle(service, current, own)
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
      if (!isAlive(task)) outcomes.count(service, task)
    }
  }

  /** Before its first task, a deployment pauses where its lifecycle hooks say so; the revisions before it go on meanwhile. */
  const isPausedAtStart = (service: Service, { rolloutState }: Deployment): boolean => {
    const record = findServiceDeployment(state, service)
    if (!record || record.rollback || rolloutState !== 'IN_PROGRESS') return false
    const reconciles = record.sourceServiceRevisions.length > 1
    return (reconciles && isPausedAt(record, 'RECONCILE_SERVICE', clock)) || isPausedAt(record, 'PRE_SCALE_UP', clock)
  }

  /**
   * While a deployment replaces another, scaling out adds tasks to both, and a task that fails is replaced by one of its
   * own revision.
   * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
   */
  const keepSource = (service: Service, primary: Deployment, own: Task[], paused: boolean) => {
    const source = replacedBy(service, primary)
    if (!source) return
    if (source.desiredCount > 0) source.desiredCount += Math.max(0, service.desiredCount - primary.desiredCount)
    const mine = own.filter((task) => isAlive(task) && task.own.deploymentId === primary.id)
    if (mine.filter(isReady).length >= service.desiredCount) return
    // Where maximumPercent leaves no room for both, the new revision has one task at least.
    startTasks(service, source, own, !paused && mine.length === 0 && primary.rolloutState === 'IN_PROGRESS' ? 1 : 0)
  }

  /** The deployment that one under way takes the place of. */
  const replacedBy = (service: Service, primary: Deployment) => (primary.rolloutState === 'COMPLETED' ? undefined : sourceOf(service, primary))

  /** Whether the roles of a deployment's tasks are there; looked at until they are. */
  const hasRoles = async (service: Service, deployment: Deployment): Promise<boolean> => {
    if (deployment.own.hasRoles || service.desiredCount === 0) return true
    if (now() < deployment.own.launchAfter) return false
    try {
      await requireRoles(upstream, scopeOf(service.serviceArn), state.taskDefinitions[deployment.taskDefinition] as TaskDefinition)
      deployment.own.hasRoles = true
      return true
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      addEvent(service, texts.notLaunched(error.message))
      deployment.own.launchAfter = now() + clock.ms(placementPauseSeconds) / 1000
      return false
    }
  }

  /**
   * Starts what a deployment lacks, as far as the service's maximumPercent lets it.
   * @param reserved tasks that others may start yet
   */
  const startTasks = (service: Service, deployment: Deployment, own: Task[], reserved = 0) => {
    if (now() < deployment.own.launchAfter) return
    const there = own.filter((task) => isAlive(task) && task.own.deploymentId === deployment.id).length
    const limit = Math.max(1, Math.floor((service.desiredCount * service.deploymentConfiguration.maximumPercent) / 100))
    const count = Math.min(deployment.desiredCount - there, limit - own.filter(isAlive).length - reserved)
    if (count <= 0) return
    const wanted = Array.from({ length: count }, (_, offset) => plan(service, deployment, there + offset))
    const started = wanted.filter((task) => hasRoomFor(capacity, task))
    service.own.steady = false
    if (started.length < count) {
      addEvent(service, texts.unplaced())
      deployment.own.launchAfter = now() + clock.ms(placementPauseSeconds) / 1000
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
    const source = replacedBy(service, primary)
    const ready = old.filter(isReady)
    const healthy = mine.filter((task) => isReady(task) && !surplus.includes(task)).length
    const spare = Math.max(0, healthy + ready.length - minimum)
    // Where healthy ones are missing, one of the replaced revision that is not healthy may be about to become it.
    const needed = healthy < service.desiredCount && healthy + ready.length < minimum
    const unready = old.filter((task) => !ready.includes(task) && !(needed && task.own.deploymentId === source?.id))
    const leaving = [...ready.slice(0, spare), ...unready]
    const failed = primary.rolloutState === 'FAILED'
    const chosen = failed ? surplus : [...surplus, ...leaving]
    if (source) source.desiredCount -= chosen.filter((task) => task.own.deploymentId === source.id).length
    for (const task of chosen) tasks.stop(task, { code: 'ServiceSchedulerInitiated', reason: `Scaling activity initiated by (deployment ${primary.id})` })
    for (const task of chosen) task.own.counted = true
    if (chosen.length > 0) addEvent(service, texts.stopped(chosen))
  }

  const update = (service: Service, own: Task[]) => {
    const count = (deployment: string | undefined, wanted: boolean) =>
      own.filter((task) => isAlive(task) && (!deployment || task.own.deploymentId === deployment) && (task.lastStatus === 'RUNNING') === wanted).length
    const primary = primaryOf(service)
    const source = primary && replacedBy(service, primary)
    const over = primary?.rolloutState === 'COMPLETED'
    service.runningCount = count(undefined, true)
    service.pendingCount = count(undefined, false)
    for (const deployment of service.deployments) {
      deployment.runningCount = count(deployment.id, true)
      deployment.pendingCount = count(deployment.id, false)
      if (deployment === primary || deployment === source) continue
      deployment.desiredCount = over || deployment.rolloutState === 'FAILED' ? 0 : deployment.runningCount
    }
    service.deployments = service.deployments.filter(
      (deployment) => deployment === primary || deployment === source || own.some((task) => isAlive(task) && task.own.deploymentId === deployment.id),
    )
  }

  const settle = (service: Service, primary: Deployment, own: Task[]) => {
    const mine = own.filter((task) => isAlive(task) && task.own.deploymentId === primary.id)
    // A task that still drains its connections keeps the deployment from being complete, so the delay of the target group counts.
    const others = own.some((task) => (isAlive(task) || task.lastStatus === 'DEACTIVATING') && task.own.deploymentId !== primary.id)
    const stable = mine.length === service.desiredCount && mine.every(isReady) && !others
    if (primary.rolloutState === 'IN_PROGRESS') completeWhenReached(service, primary, stable || reachedEarly(service, mine.filter(isReady).length, others))
    if (stable && primary.rolloutState === 'COMPLETED' && !service.own.steady) {
      service.own.steady = true
      addEvent(service, texts.steady())
    }
  }

  /** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/early-success-criteria.html */
  const reachedEarly = ({ desiredCount, deploymentConfiguration }: Service, ready: number, others: boolean): boolean => {
    const { enable = false, healthyPercent = 100, sourceServiceRevisionCleanup } = deploymentConfiguration.earlySuccessCriteria ?? {}
    return enable && ready >= Math.ceil((desiredCount * healthyPercent) / 100) && (!others || sourceServiceRevisionCleanup === 'DEFERRED')
  }

  const completeWhenReached = (service: Service, primary: Deployment, reached: boolean) => {
    if (!reached) {
      delete primary.own.healthySince
      return
    }
    const record = findServiceDeployment(state, service)
    if (record && !record.rollback && (stopRequested(record) || isPausedAt(record, 'POST_SCALE_UP', clock))) return
    primary.own.healthySince ??= now()
    const watches = service.deploymentConfiguration.alarms?.enable && !primary.own.ignoresAlarms
    if (watches && clock.since(primary.own.healthySince) < bakeSeconds(service)) return
    completeDeployment(state, service, primary)
  }

  /**
   * As long as the slowest of the alarms takes to tell; AWS computes it from the alarms, and does not say how.
   * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
   */
  const bakeSeconds = ({ serviceArn, deploymentConfiguration: { alarms } }: Service): number => {
    const { region, account } = scopeOf(serviceArn)
    const arns = alarms?.alarmNames.map((name) => `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`) ?? []
    return Math.max(0, ...arns.map((arn) => watchSeconds(state.alarms[arn]) ?? 0)) + alarmMarginSeconds
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

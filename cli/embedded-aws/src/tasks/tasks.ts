import { nameOf } from '../arn.ts'
import { now, type Clock } from '../clock.ts'
import type { LogFilters } from '../cloudwatch/log-filters.ts'
import { labels } from './container-spec.ts'
import type { Registry } from '../ecr/login.ts'
import type { Task, TaskDefinition, TaskStatus } from '../records.ts'
import type { Store } from '../state.ts'
import { answers, EngineError, type EngineApi } from '../engine/engine-api.ts'
import { CannotPullContainerError } from './images.ts'
import { ResourceInitializationError } from './secrets.ts'
import type { TargetHealth } from '../elb/target-health.ts'
import { removeContainers } from './remove-containers.ts'
import { createTaskContainers, trackContainers, type Running, type RunningContainer } from './containers.ts'
import { createTaskGround } from './ground.ts'
import type { Upstream } from '../upstream.ts'

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html#ECS-Type-Task-stopCode */
export type Stop = {
  code: 'TaskFailedToStart' | 'EssentialContainerExited' | 'UserInitiated' | 'ServiceSchedulerInitiated' | 'SpotInterruption'
  reason: string
}

export type TaskEvent = 'changed' | 'registered' | 'deregistered'

export type Tasks = Awaited<ReturnType<typeof createTasks>>

type Options = {
  store: Store
  engine: EngineApi
  upstream: Upstream
  filter: LogFilters
  health: TargetHealth
  clock: Clock
  registry: Registry
  /** Labels the containers. */
  stateDir: string
  log: (line: string) => void
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html: stopped tasks are shown for an hour. */
const stoppedTaskSeconds = 3600

/** Runs tasks as containers: one holds the task's network, the others share it. */
export async function createTasks(options: Options) {
  const { store, engine, upstream, filter, health, clock, registry, stateDir, log } = options
  const running = new Map<string, Running>()
  const listeners = new Set<(task: Task, event: TaskEvent) => void>()
  const ground = createTaskGround({ engine, store, stateDir })
  const finishing = new Set<Promise<void>>()
  let closing = false

  const emit = (task: Task, event: TaskEvent = 'changed') => {
    task.version++
    store.save()
    for (const listener of listeners) listener(task, event)
  }
  const enter = (task: Task, status: TaskStatus) => {
    task.lastStatus = status
    emit(task)
  }

  const onEnd = (task: Task, { definition }: RunningContainer) => {
    const others = [...(running.get(task.taskArn)?.containers.values() ?? [])]
    const over = definition.essential || others.every(({ record: { lastStatus } }) => lastStatus === 'STOPPED')
    if (over) stop(task, { code: 'EssentialContainerExited', reason: 'Essential container in task exited' })
    emit(task)
  }
  const containers = createTaskContainers({ store, engine, upstream, filter, clock, registry, stateDir, onEnd, onHealth: emit })

  const track = (task: Task, definition: TaskDefinition): Running => {
    const entry = trackContainers(task, definition)
    running.set(task.taskArn, entry)
    return entry
  }

  /** Starts a task and returns at once; what becomes of it shows in its record. */
  const launch = (task: Task) => {
    store.state.tasks[task.taskArn] = task
    const definition = store.state.taskDefinitions[task.taskDefinitionArn] as TaskDefinition
    const entry = track(task, definition)
    emit(task)
    start(task, entry).catch((error: Error) => failToStart(task, error))
  }

  const start = async (task: Task, entry: Running) => {
    await ground.attach(task, entry.definition, () => gone(task))
    if (gone(task)) return
    const metadata = await ground.metadata()
    enter(task, 'PENDING')
    task.pullStartedAt = now()
    await Promise.all([...entry.containers.values()].map((container) => containers.start(task, entry, container, metadata)))
    if (gone(task)) return
    enter(task, 'ACTIVATING')
    registerTargets(task)
    task.startedAt = now()
    enter(task, 'RUNNING')
  }

  const gone = (task: Task) => task.desiredStatus === 'STOPPED'

  const registerTargets = (task: Task) => {
    for (const { targetGroupArn, containerPort } of task.own.loadBalancers) {
      const published = task.own.ports[containerPort]
      const address = published ? { host: engine.way.published, port: published } : undefined
      health.register(targetGroupArn, { id: task.own.ip as string, port: containerPort }, address)
    }
    task.own.registered = task.own.loadBalancers.length > 0
    if (task.own.registered) emit(task, 'registered')
  }

  const failToStart = (task: Task, error: Error) => {
    if (gone(task)) return
    const known = error instanceof CannotPullContainerError || error instanceof ResourceInitializationError
    const reason = known ? error.message : `CannotStartContainerError: ${error.message}`
    log(`task ${nameOf(task.taskArn)}: ${reason}`)
    for (const record of task.containers) if (record.lastStatus === 'PENDING') record.reason = reason
    stop(task, { code: 'TaskFailedToStart', reason: known ? reason : 'Task failed to start' })
  }

  /** Begins to stop a task; one that is being stopped already keeps its reason. */
  const stop = (task: Task, { code, reason }: Stop) => {
    if (gone(task)) return
    Object.assign(task, { desiredStatus: 'STOPPED', stopCode: code, stoppedReason: reason, stoppingAt: now() })
    const ended = finishWhenPossible(task)
      .catch((error: Error) => log(`task ${nameOf(task.taskArn)} could not be stopped: ${error.message}`))
      .finally(() => finishing.delete(ended))
    finishing.add(ended)
  }

  /** An engine that is away is waited for. */
  const finishWhenPossible = async (task: Task): Promise<void> => {
    while (task.lastStatus !== 'STOPPED') {
      await finish(task).catch(async (error: unknown) => {
        if (closing || error instanceof EngineError) throw error
        await clock.sleep(1)
      })
    }
  }

  /**
   * Out of the target groups first, then SIGTERM, then SIGKILL.
   * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
   */
  const finish = async (task: Task) => {
    if (task.own.registered) {
      enter(task, 'DEACTIVATING')
      await deregisterTargets(task)
    }
    enter(task, 'STOPPING')
    await containers.stopAll([...(running.get(task.taskArn)?.containers.values() ?? [])], closing)
    task.executionStoppedAt = now()
    enter(task, 'DEPROVISIONING')
    const ids = task.containers.flatMap(({ runtimeId }) => runtimeId ?? [])
    await Promise.all(ids.map((id) => containers.remove(id)))
    // podman keeps a container for as long as others are in its network.
    if (task.own.pauseId) await containers.remove(task.own.pauseId)
    for (const record of task.containers) record.lastStatus = 'STOPPED'
    for (const attachment of task.attachments) attachment.status = 'DELETED'
    Object.assign(task, { stoppedAt: now(), connectivity: 'DISCONNECTED' })
    running.delete(task.taskArn)
    enter(task, 'STOPPED')
  }

  const deregisterTargets = async (task: Task) => {
    const targets = task.own.loadBalancers.map(({ targetGroupArn, containerPort }) => ({
      group: targetGroupArn,
      at: { id: task.own.ip as string, port: containerPort },
    }))
    for (const { group, at } of targets) health.deregister(group, at)
    emit(task, 'deregistered')
    while (!closing && targets.some(({ group, at }) => health.find(group, at))) await clock.sleep(0.25)
    task.own.registered = false
  }

  /** After a restart of the gateway: tasks whose containers it finds again go on, the others have ended. */
  const adopt = async () => {
    const tasks = Object.values(store.state.tasks).filter(({ lastStatus }) => lastStatus !== 'STOPPED')
    if (tasks.length === 0) return
    const filters = JSON.stringify({ label: [`${labels.rehearsal}=${stateDir}`] })
    const found = await engine.read(answers.containers, 'GET', '/containers/json', { query: { all: 'true', filters } })
    const known = new Map(found.map(({ Id, State }) => [Id, State]))
    const kept = new Set<string>()
    for (const task of tasks) {
      const entry = track(task, store.state.taskDefinitions[task.taskDefinitionArn] as TaskDefinition)
      const started = task.containers.filter(({ lastStatus }) => lastStatus === 'RUNNING')
      const complete =
        started.every(({ runtimeId = '' }) => known.has(runtimeId)) && known.get(task.own.pauseId ?? '') === 'running'
      if (task.lastStatus === 'RUNNING' && !gone(task) && complete) {
        for (const id of [task.own.pauseId, ...task.containers.map(({ runtimeId }) => runtimeId)]) kept.add(id ?? '')
        await ground.metadata()
        for (const container of entry.containers.values()) await containers.resume(task, container)
        registerTargets(task)
      } else {
        const why = whyEnded(task)
        task.own.registered = false
        task.desiredStatus = 'RUNNING'
        for (const record of task.containers) record.lastStatus = 'STOPPED'
        stop(task, why)
      }
    }
    await removeContainers(engine, found.filter(({ Id }) => !kept.has(Id)))
  }

  const forget = () => {
    for (const task of Object.values(store.state.tasks)) {
      if (task.stoppedAt !== undefined && clock.since(task.stoppedAt) > stoppedTaskSeconds) delete store.state.tasks[task.taskArn]
    }
  }

  return {
    launch,
    stop,
    adopt,
    forget,
    subscribe: (listener: (task: Task, event: TaskEvent) => void) => void listeners.add(listener),
    all: () => Object.values(store.state.tasks),
    /** Stops everything at once, without the target groups' delay; for the end of the rehearsal. */
    close: async () => {
      closing = true
      const alive = Object.values(store.state.tasks).filter(({ lastStatus }) => lastStatus !== 'STOPPED')
      for (const task of alive) stop(task, { code: 'ServiceSchedulerInitiated', reason: 'The rehearsal was stopped' })
      await Promise.all(finishing)
      await ground.close()
    },
  }
}

/** What ended a task that a restarted gateway does not find as it was: a stop under way, the restart itself, or its containers. */
function whyEnded({ stopCode, stoppedReason = '', lastStatus }: Task): Stop {
  if (stopCode) return { code: stopCode as Stop['code'], reason: stoppedReason }
  if (lastStatus !== 'RUNNING') return { code: 'ServiceSchedulerInitiated', reason: 'The rehearsal was stopped' }
  return { code: 'EssentialContainerExited', reason: 'Essential container in task exited' }
}

import { createHash } from 'node:crypto'
import { nameOf, scopeOf } from './arn.ts'
import { now, type Clock } from './clock.ts'
import { containerSpec, labels, pauseSpec } from './container-spec.ts'
import type { ContainerDefinition, Store, Task, TaskContainer, TaskDefinition, TaskStatus } from './ecs-state.ts'
import { EngineError, type EngineApi } from './engine-api.ts'
import { CannotPullContainerError, pullImage, type PulledImage } from './images.ts'
import { followLogs, openLogStream, type LogStream } from './logs.ts'
import { serveMetadata, type Metadata } from './metadata.ts'
import { ensurePauseImage } from './pause-image.ts'
import { readSecrets, ResourceInitializationError } from './secrets.ts'
import type { TargetHealth } from './target-health.ts'
import type { Upstream } from './upstream.ts'

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html#ECS-Type-Task-stopCode */
export type Stop = {
  code: 'TaskFailedToStart' | 'EssentialContainerExited' | 'UserInitiated' | 'ServiceSchedulerInitiated' | 'SpotInterruption'
  reason: string
}

export type TaskEvent = 'changed' | 'registered' | 'deregistered'

/** What a task that runs needs besides its record. */
type Running = { definition: TaskDefinition; containers: Map<string, RunningContainer> }

type RunningContainer = {
  definition: ContainerDefinition
  record: TaskContainer
  started: PromiseWithResolvers<void>
  healthy: PromiseWithResolvers<void>
  exited: PromiseWithResolvers<number>
}

export type Tasks = Awaited<ReturnType<typeof createTasks>>

type Options = {
  store: Store
  engine: EngineApi
  upstream: Upstream
  health: TargetHealth
  clock: Clock
  /** Address of the embedded registry. */
  registry: string
  /** Labels the containers. */
  stateDir: string
  log: (line: string) => void
}

type Ground = { network: string; metadata: Metadata }

/** Seconds until SIGKILL where the container does not say: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html */
const defaultStopTimeout = 30
/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html: stopped tasks are shown for an hour. */
const stoppedTaskSeconds = 3600

/** Runs tasks as containers: one holds the task's network, the others share it. */
export async function createTasks(options: Options) {
  const { store, engine, upstream, health, clock, registry, stateDir, log } = options
  const running = new Map<string, Running>()
  const listeners = new Set<(task: Task, event: TaskEvent) => void>()
  let ground: Promise<Ground> | undefined

  const emit = (task: Task, event: TaskEvent = 'changed') => {
    task.version++
    store.save()
    for (const listener of listeners) listener(task, event)
  }
  const enter = (task: Task, status: TaskStatus) => {
    task.lastStatus = status
    emit(task)
  }

  /** The network, the pause image and the metadata endpoint, made when the first task needs them. */
  const prepare = () => {
    ground ??= makeGround().catch((error) => {
      ground = undefined
      throw error
    })
    return ground
  }

  const makeGround = async (): Promise<Ground> => {
    const network = `fargate-ctl-${createHash('sha256').update(stateDir).digest('hex').slice(0, 12)}`
    await ensurePauseImage(engine)
    const [known] = await engine.call('GET', '/networks', { query: { filters: JSON.stringify({ name: [network] }) } })
    if (!known) {
      await engine.call('POST', '/networks/create', { body: { Name: network, Driver: 'bridge', Labels: { [labels.rehearsal]: stateDir } } })
    }
    const { IPAM } = await engine.call('GET', `/networks/${network}`)
    const subnet = IPAM.Config[0] as { Gateway?: string; Subnet: string }
    const bridge = subnet.Gateway ?? subnet.Subnet.replace(/\d+\/\d+$/, '1')
    return { network, metadata: await serveMetadata(store, bridge) }
  }

  const track = (task: Task, definition: TaskDefinition): Running => {
    const containers = definition.containerDefinitions.map((container) => {
      const entry: RunningContainer = {
        definition: container,
        record: task.containers.find(({ name }) => name === container.name) as TaskContainer,
        started: Promise.withResolvers(),
        healthy: Promise.withResolvers(),
        exited: Promise.withResolvers(),
      }
      for (const { promise } of [entry.started, entry.healthy]) promise.catch(() => undefined)
      return [container.name, entry] as const
    })
    const entry = { definition, containers: new Map(containers) }
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
    const { network, metadata } = await prepare()
    await startPause(task, entry.definition, network)
    if (gone(task)) return
    enter(task, 'PENDING')
    task.pullStartedAt = now()
    const containers = [...entry.containers.values()]
    await Promise.all(containers.map((container) => startContainer(task, entry, container, metadata)))
    if (gone(task)) return
    registerTargets(task)
    task.startedAt = now()
    enter(task, 'RUNNING')
  }

  const gone = (task: Task) => task.desiredStatus === 'STOPPED'

  const startPause = async (task: Task, definition: TaskDefinition, network: string) => {
    const { Id } = await engine.call('POST', '/containers/create', { body: pauseSpec(task, definition, network, stateDir) })
    task.own.pauseId = Id
    if (gone(task)) return remove(Id)
    await engine.call('POST', `/containers/${Id}/start`)
    const { NetworkSettings } = await engine.call('GET', `/containers/${Id}/json`)
    const { IPAddress, MacAddress } = NetworkSettings.Networks[network] as { IPAddress: string; MacAddress: string }
    task.own.ip = IPAddress
    for (const [key, bindings] of Object.entries(NetworkSettings.Ports as Record<string, { HostPort: string }[] | null>)) {
      task.own.ports[key.split('/')[0] as string] = Number(bindings?.[0]?.HostPort)
    }
    for (const attachment of task.attachments) {
      attachment.status = 'ATTACHED'
      attachment.details.push({ name: 'macAddress', value: MacAddress }, { name: 'privateIPv4Address', value: IPAddress })
      for (const container of task.containers) container.networkInterfaces = [{ attachmentId: attachment.id, privateIpv4Address: IPAddress }]
    }
  }

  const startContainer = async (task: Task, entry: Running, container: RunningContainer, metadata: Metadata) => {
    const { definition, record } = container
    const scope = scopeOf(task.taskArn)
    const logs = await openLogStream(upstream, scope, task, definition)
    const secrets = await readSecrets(upstream, scope, definition)
    const image = await pullImage(engine, registry, definition.image)
    task.pullStoppedAt = now()
    if (image.digest) record.imageDigest = image.digest
    await waitForDependencies(entry, definition)
    if (gone(task)) return
    if (!fits(image, entry.definition)) return endWithFormatError(task, container, image, logs)
    const environment = environmentOf(task, container, metadata, secrets)
    const spec = containerSpec({
      task,
      definition: entry.definition,
      container: definition,
      reference: image.reference,
      pauseId: task.own.pauseId as string,
      environment,
      rehearsal: stateDir,
      clock,
    })
    const { Id } = await engine.call('POST', '/containers/create', { body: spec })
    record.runtimeId = Id
    if (gone(task)) return remove(Id)
    await engine.call('POST', `/containers/${Id}/start`)
    record.lastStatus = 'RUNNING'
    container.started.resolve()
    void follow(task, container, logs, 0)
  }

  /** Sends the logs, watches the health, waits for the end. */
  const follow = async (task: Task, container: RunningContainer, logs: LogStream, logsSince: number) => {
    const { record, definition } = container
    const id = record.runtimeId as string
    const following = followLogs(engine, id, logs, logsSince).catch(() => undefined)
    if (definition.healthCheck) void watchHealth(task, container)
    try {
      await engine.call('POST', `/containers/${id}/wait`)
      const { State } = await engine.call('GET', `/containers/${id}/json`)
      await following
      await logs.end()
      if (State.OOMKilled) record.reason = 'OutOfMemoryError: Container killed due to memory usage'
      ended(task, container, State.ExitCode as number)
    } catch (error) {
      // Somebody removed the container, or this gateway is being closed.
      if (error instanceof EngineError && error.status === 404) ended(task, container, 137)
    }
  }

  const ended = (task: Task, container: RunningContainer, exitCode: number) => {
    const { record, definition, exited } = container
    record.lastStatus = 'STOPPED'
    record.exitCode = exitCode
    exited.resolve(exitCode)
    const others = [...(running.get(task.taskArn)?.containers.values() ?? [])]
    const over = definition.essential || others.every(({ record: { lastStatus } }) => lastStatus === 'STOPPED')
    if (over) stop(task, { code: 'EssentialContainerExited', reason: 'Essential container in task exited' })
    emit(task)
  }

  const watchHealth = async (task: Task, { record, healthy }: RunningContainer) => {
    while (record.lastStatus === 'RUNNING') {
      await clock.sleep(1)
      const inspected = await engine.call('GET', `/containers/${record.runtimeId}/json`).catch(() => undefined)
      // The engine calls a container that has just ended unhealthy.
      if (!inspected?.State?.Running) continue
      const status = String(inspected.State.Health?.Status)
      const next = status === 'healthy' ? 'HEALTHY' : status === 'unhealthy' ? 'UNHEALTHY' : 'UNKNOWN'
      if (next === 'HEALTHY') healthy.resolve()
      if (next === record.healthStatus || record.lastStatus !== 'RUNNING') continue
      record.healthStatus = next
      task.healthStatus = taskHealth(task, store)
      emit(task)
    }
  }

  const endWithFormatError = async (task: Task, container: RunningContainer, image: PulledImage, logs: LogStream) => {
    logs.write(`exec ${container.definition.entryPoint?.[0] ?? image.entryPoint}: exec format error`)
    await logs.end()
    container.started.resolve()
    ended(task, container, 1)
  }

  const environmentOf = (task: Task, { definition, record }: RunningContainer, metadata: Metadata, secrets: string[]) => {
    const { region } = scopeOf(task.taskArn)
    const override = task.overrides.containerOverrides.find(({ name }) => name === definition.name)
    const given = [...definition.environment, ...(override?.environment ?? [])].map(({ name, value }) => `${name}=${value}`)
    const uri = metadata.uri(record)
    const own = { AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE', AWS_REGION: region, AWS_DEFAULT_REGION: region, ECS_CONTAINER_METADATA_URI_V4: uri }
    return [...Object.entries(own).map(([name, value]) => `${name}=${value}`), ...given, ...secrets]
  }

  const registerTargets = (task: Task) => {
    for (const { targetGroupArn, containerPort } of task.own.loadBalancers) {
      const published = task.own.ports[containerPort]
      const address = published ? { host: '127.0.0.1', port: published } : undefined
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
    finish(task).catch((error: Error) => log(`task ${nameOf(task.taskArn)} could not be stopped: ${error.message}`))
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
    await stopContainers(task)
    task.executionStoppedAt = now()
    enter(task, 'DEPROVISIONING')
    const ids = [...task.containers.map(({ runtimeId }) => runtimeId), task.own.pauseId].filter((id) => id !== undefined)
    await Promise.all(ids.map((id) => remove(id)))
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

  /** Containers that others depend on are stopped after those: the reverse of how they were started. */
  const stopContainers = async (task: Task) => {
    const entry = running.get(task.taskArn)
    const containers = [...(entry?.containers.values() ?? [])]
    for (const { started, healthy } of containers) for (const each of [started, healthy]) each.reject(new Error('the task is being stopped'))
    const stopping = new Map<string, Promise<void>>()
    const stopOne = (container: RunningContainer): Promise<void> => {
      const known = stopping.get(container.definition.name)
      if (known) return known
      const dependents = containers.filter(({ definition }) => definition.dependsOn?.some(({ containerName }) => containerName === container.definition.name))
      const stopped = Promise.all(dependents.map(stopOne)).then(() => signal(container))
      stopping.set(container.definition.name, stopped)
      return stopped
    }
    await Promise.all(containers.map(stopOne))
  }

  const signal = async ({ record, definition, exited }: RunningContainer) => {
    if (record.lastStatus !== 'RUNNING') return
    const seconds = closing ? 1 : Math.max(1, Math.ceil(clock.ms(definition.stopTimeout ?? defaultStopTimeout) / 1000))
    await engine.call('POST', `/containers/${record.runtimeId}/stop`, { query: { t: String(seconds) } }).catch(ignoreMissing)
    await exited.promise
  }

  const remove = (id: string) => engine.call('DELETE', `/containers/${id}`, { query: { force: 'true', v: 'true' } }).catch(ignoreMissing)

  let closing = false

  /** After a restart of the gateway: tasks whose containers all run go on, the others have ended. */
  const adopt = async () => {
    const tasks = Object.values(store.state.tasks).filter(({ lastStatus }) => lastStatus !== 'STOPPED')
    const filters = JSON.stringify({ label: [`${labels.rehearsal}=${stateDir}`] })
    if (tasks.length === 0) return
    const found = (await engine.call('GET', '/containers/json', { query: { all: 'true', filters } })) as { Id: string; State: string }[]
    const runs = new Set(found.filter(({ State }) => State === 'running').map(({ Id }) => Id))
    const kept = new Set<string>()
    for (const task of tasks) {
      const ids = [task.own.pauseId, ...task.containers.map(({ runtimeId }) => runtimeId)]
      const entry = track(task, store.state.taskDefinitions[task.taskDefinitionArn] as TaskDefinition)
      if (task.lastStatus === 'RUNNING' && !gone(task) && ids.every((id) => id !== undefined && runs.has(id))) {
        await resume(task, entry)
        for (const id of ids) kept.add(id as string)
      } else {
        task.own.registered = false
        task.desiredStatus = 'RUNNING'
        for (const record of task.containers) record.lastStatus = 'STOPPED'
        stop(task, { code: 'EssentialContainerExited', reason: 'Essential container in task exited' })
      }
    }
    await Promise.all(found.filter(({ Id }) => !kept.has(Id)).map(({ Id }) => remove(Id)))
  }

  const resume = async (task: Task, entry: Running) => {
    await prepare()
    for (const container of entry.containers.values()) {
      const logs = await openLogStream(upstream, scopeOf(task.taskArn), task, container.definition)
      container.started.resolve()
      void follow(task, container, logs, now())
    }
    registerTargets(task)
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
      while (alive.some(({ lastStatus }) => lastStatus !== 'STOPPED')) await new Promise((resolve) => setTimeout(resolve, 20))
      const made = await ground?.catch(() => undefined)
      made?.metadata.close()
      if (made) await engine.call('DELETE', `/networks/${made.network}`).catch(() => undefined)
    },
  }
}

async function waitForDependencies({ containers }: Running, { dependsOn = [] }: ContainerDefinition): Promise<void> {
  await Promise.all(
    dependsOn.map(async ({ containerName, condition }) => {
      const { started, healthy, exited } = containers.get(containerName) as RunningContainer
      if (condition === 'START') return started.promise
      if (condition === 'HEALTHY') return healthy.promise
      const exitCode = await exited.promise
      if (condition === 'SUCCESS' && exitCode !== 0) {
        throw new Error(`dependency graph: container ${containerName} ended with exit code ${exitCode}`)
      }
    }),
  )
}

function fits({ architecture }: PulledImage, { runtimePlatform }: TaskDefinition): boolean {
  return architecture === (runtimePlatform?.cpuArchitecture === 'ARM64' ? 'arm64' : 'amd64')
}

/** Essential containers that have a health check decide: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/healthcheck.html */
function taskHealth(task: Task, store: Store): Task['healthStatus'] {
  const definition = store.state.taskDefinitions[task.taskDefinitionArn]
  const checked = (definition?.containerDefinitions ?? []).filter(({ essential, healthCheck }) => essential && healthCheck)
  const states = checked.map(({ name }) => task.containers.find((each) => each.name === name)?.healthStatus)
  if (states.includes('UNHEALTHY')) return 'UNHEALTHY'
  return states.length > 0 && states.every((state) => state === 'HEALTHY') ? 'HEALTHY' : 'UNKNOWN'
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof EngineError) || ![304, 404, 409].includes(error.status)) throw error
}

import { scopeOf } from '../arn.ts'
import { now, type Clock } from '../clock.ts'
import type { LogFilters } from '../cloudwatch/log-filters.ts'
import type { Registry } from '../ecr/login.ts'
import { containerSpec } from './container-spec.ts'
import type { ContainerDefinition, Task, TaskContainer, TaskDefinition } from '../records.ts'
import type { Store } from '../state.ts'
import { answers, EngineError, ignoreMissing, type EngineApi } from '../engine/engine-api.ts'
import { createImages, pinned, type PulledImage } from './images.ts'
import { followLogs, openLogStream, type LogStream } from './logs.ts'
import type { Metadata } from './metadata.ts'
import { readSecrets } from './secrets.ts'
import type { Upstream } from '../upstream.ts'

/** What a task that runs needs besides its record. */
export type Running = { definition: TaskDefinition; containers: Map<string, RunningContainer> }

export type RunningContainer = {
  definition: ContainerDefinition
  record: TaskContainer
  /** Set once the engine has been asked to start it. */
  starting?: Promise<void>
  started: PromiseWithResolvers<void>
  healthy: PromiseWithResolvers<void>
  exited: PromiseWithResolvers<number>
}

type Options = {
  store: Store
  engine: EngineApi
  upstream: Upstream
  /** Makes metrics of what containers print. */
  filter: LogFilters
  clock: Clock
  registry: Registry
  /** Labels the containers. */
  stateDir: string
  /** A container has ended, or its health has changed. */
  onEnd: (task: Task, container: RunningContainer) => void
  onHealth: (task: Task) => void
}

/** Seconds until SIGKILL where the container does not say: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html */
const defaultStopTimeout = 30

/** What can be waited for in each container of a task. */
export function trackContainers(task: Task, definition: TaskDefinition): Running {
  const containers = definition.containerDefinitions.map((container) => {
    const entry: RunningContainer = {
      definition: container,
      record: task.containers.find(({ name }) => name === container.name) as TaskContainer,
      started: Promise.withResolvers(),
      healthy: Promise.withResolvers(),
      exited: Promise.withResolvers(),
    }
    for (const { promise } of [entry.started, entry.healthy, entry.exited]) promise.catch(() => undefined)
    return [container.name, entry] as const
  })
  return { definition, containers: new Map(containers) }
}

/** Starts, watches and stops the containers of tasks. */
export function createTaskContainers(options: Options) {
  const { store, engine, upstream, filter, clock, registry, stateDir, onEnd, onHealth } = options
  const images = createImages(engine, registry)
  const gone = (task: Task) => task.desiredStatus === 'STOPPED'

  const openLogs = (task: Task, definition: ContainerDefinition) =>
    openLogStream({ upstream, filter }, scopeOf(task.taskArn), task, definition, (until) => {
      task.own.logsUntil[definition.name] = until
      store.save()
    })

  const start = async (task: Task, entry: Running, container: RunningContainer, metadata: Metadata) => {
    const { definition, record } = container
    const scope = scopeOf(task.taskArn)
    const logs = await openLogs(task, definition)
    const secrets = await readSecrets(upstream, scope, definition)
    const image = await images.pull(scope, pinned(definition.image, task.own.digests?.[definition.name]), architectureOf(entry.definition))
    task.pullStoppedAt = now()
    if (image.digest) record.imageDigest = image.digest
    await waitForDependencies(entry, definition)
    if (gone(task)) return
    if (image.architecture !== architectureOf(entry.definition)) return endWithFormatError(task, container, image, logs)
    const spec = containerSpec({
      task,
      definition: entry.definition,
      container: definition,
      reference: image.reference,
      pauseId: task.own.pauseId as string,
      environment: environmentOf(task, container, metadata, secrets),
      rehearsal: stateDir,
      clock,
      engine,
    })
    const { Id } = await engine.read(answers.created, 'POST', '/containers/create', { body: spec })
    record.runtimeId = Id
    if (gone(task)) return remove(Id)
    container.starting = engine.call('POST', `/containers/${Id}/start`).then(() => {
      record.lastStatus = 'RUNNING'
      container.started.resolve()
    })
    await container.starting
    void follow(task, container, logs)
  }

  /** Sends the logs, watches the health, waits for the end. */
  const follow = async (task: Task, container: RunningContainer, logs: LogStream) => {
    if (container.definition.healthCheck) void watchHealth(task, container)
    if (container.definition.healthCheck && engine.podman) void askForChecks(container)
    while (container.record.lastStatus === 'RUNNING') {
      await followToEnd(task, container, logs).catch(async (error: unknown) => {
        // Somebody removed the container.
        if (error instanceof EngineError && error.status === 404) return ended(task, container, 137)
        // The engine is away: it may be restarted.
        await clock.sleep(1)
      })
    }
  }

  const followToEnd = async (task: Task, container: RunningContainer, logs: LogStream) => {
    const { record } = container
    const id = record.runtimeId as string
    const following = followLogs(engine, id, logs, task.own.logsUntil[record.name]).catch(() => undefined)
    await engine.call('POST', `/containers/${id}/wait`)
    await following
    await logs.end()
    const { State } = await engine.read(answers.container, 'GET', `/containers/${id}/json`)
    if (State.OOMKilled) record.reason = 'OutOfMemoryError: Container killed due to memory usage'
    ended(task, container, State.ExitCode)
  }

  /** Goes on with a container after a restart of the gateway; it may have ended meanwhile. */
  const resume = async (task: Task, container: RunningContainer) => {
    const { record, definition, started, healthy, exited } = container
    started.resolve()
    if (record.healthStatus === 'HEALTHY') healthy.resolve()
    if (record.lastStatus === 'STOPPED') return exited.resolve(record.exitCode ?? 0)
    void follow(task, container, await openLogs(task, definition))
  }

  const ended = (task: Task, container: RunningContainer, exitCode: number) => {
    Object.assign(container.record, { lastStatus: 'STOPPED', exitCode })
    container.exited.resolve(exitCode)
    onEnd(task, container)
  }

  const watchHealth = async (task: Task, { record, healthy }: RunningContainer) => {
    while (record.lastStatus === 'RUNNING') {
      await clock.sleep(1)
      const { State } = (await engine.read(answers.container, 'GET', `/containers/${record.runtimeId}/json`).catch(() => undefined)) ?? {}
      // An engine calls a container that has ended unhealthy.
      if (!State?.Running || record.lastStatus !== 'RUNNING') continue
      const next = State.Health?.Status === 'healthy' ? 'HEALTHY' : State.Health?.Status === 'unhealthy' ? 'UNHEALTHY' : 'UNKNOWN'
      if (next === 'HEALTHY') healthy.resolve()
      if (next === record.healthStatus) continue
      record.healthStatus = next
      task.healthStatus = taskHealth(task, store)
      onHealth(task)
    }
  }

  /** https://docs.podman.io/en/latest/_static/api.html: ContainerHealthcheckLibpod */
  const askForChecks = async ({ record, definition }: RunningContainer) => {
    const { interval = 30, timeout = 5 } = definition.healthCheck ?? {}
    while (record.lastStatus === 'RUNNING') {
      await clock.sleep(interval)
      const checked = engine.call('GET', `/v4.0.0/libpod/containers/${record.runtimeId}/healthcheck`).catch(() => undefined)
      // One that hangs must not keep the next from being asked for.
      await Promise.race([checked, clock.sleep(timeout)])
    }
  }

  const endWithFormatError = async (task: Task, container: RunningContainer, image: PulledImage, logs: LogStream) => {
    logs.write(`exec ${container.definition.entryPoint?.[0] ?? image.entryPoint}: exec format error`)
    await logs.end()
    container.started.resolve()
    ended(task, container, 1)
  }

  /** Containers that others depend on are stopped after those: the reverse of how they were started. */
  const stopAll = async (containers: RunningContainer[], soon: boolean) => {
    for (const { started, healthy } of containers)
      for (const each of [started, healthy]) each.reject(new Error('the task is being stopped'))
    const stopping = new Map<string, Promise<void>>()
    const stopOne = (container: RunningContainer): Promise<void> => {
      const { name } = container.definition
      const known = stopping.get(name)
      if (known) return known
      const dependents = containers.filter(({ definition }) =>
        definition.dependsOn?.some(({ containerName }) => containerName === name),
      )
      const stopped = Promise.all(dependents.map(stopOne)).then(() => signal(container, soon))
      stopping.set(name, stopped)
      return stopped
    }
    await Promise.all(containers.map(stopOne))
  }

  const signal = async ({ record, definition, starting, exited }: RunningContainer, soon: boolean) => {
    await starting?.catch(() => undefined)
    if (record.lastStatus !== 'RUNNING') {
      exited.reject(new Error('the task is being stopped'))
      return
    }
    const seconds = soon ? 1 : Math.max(1, Math.ceil(clock.ms(definition.stopTimeout ?? defaultStopTimeout) / 1000))
    await engine.call('POST', `/containers/${record.runtimeId}/stop`, { query: { t: String(seconds) } }).catch(ignoreMissing)
    await exited.promise
  }

  const remove = (id: string) =>
    engine.call('DELETE', `/containers/${id}`, { query: { force: 'true', v: 'true' } }).catch(ignoreMissing)

  return { start, resume, stopAll, remove }
}

function environmentOf(task: Task, { definition, record }: RunningContainer, metadata: Metadata, secrets: string[]): string[] {
  const { region } = scopeOf(task.taskArn)
  const override = task.overrides.containerOverrides.find(({ name }) => name === definition.name)
  const given = [...definition.environment, ...(override?.environment ?? [])].map(({ name, value }) => `${name}=${value}`)
  const own = {
    AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    ECS_CONTAINER_METADATA_URI_V4: metadata.uri(record),
  }
  return [...Object.entries(own).map(([name, value]) => `${name}=${value}`), ...given, ...secrets]
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

/** In the words of images. */
const architectureOf = ({ runtimePlatform }: TaskDefinition) => (runtimePlatform?.cpuArchitecture === 'ARM64' ? 'arm64' : 'amd64')

/** Essential containers that have a health check decide: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/healthcheck.html */
function taskHealth(task: Task, store: Store): Task['healthStatus'] {
  const definition = store.state.taskDefinitions[task.taskDefinitionArn]
  const checked = (definition?.containerDefinitions ?? []).filter(({ essential, healthCheck }) => essential && healthCheck)
  const states = checked.map(({ name }) => task.containers.find((each) => each.name === name)?.healthStatus)
  if (states.includes('UNHEALTHY')) return 'UNHEALTHY'
  return states.length > 0 && states.every((state) => state === 'HEALTHY') ? 'HEALTHY' : 'UNKNOWN'
}

import { availableParallelism } from 'node:os'
import type { ContainerDefinition, Task, TaskDefinition } from '../records.ts'
import type { Clock } from '../clock.ts'
import type { EngineApi } from '../engine/engine-api.ts'
import { defaultUlimits, toUlimit } from './ulimits.ts'
import { pauseImage } from './pause-image.ts'

/** Labels by which containers are found again, after a restart and by whoever cleans up. */
export const labels = { rehearsal: 'embedded-aws', task: 'embedded-aws.task', container: 'embedded-aws.container' }

const second = 1_000_000_000

/** The body of the engine's `POST /containers/create` for the container that holds a task's network. */
export function pauseSpec(options: { task: Task; definition: TaskDefinition; network: string; rehearsal: string; engine: EngineApi }) {
  const { task, definition, network, rehearsal, engine } = options
  const ports = definition.containerDefinitions.flatMap(({ portMappings }) => portMappings)
  const keys = [...new Set(ports.map(({ containerPort, protocol = 'tcp' }) => `${containerPort}/${protocol}`))]
  return {
    Image: pauseImage,
    Entrypoint: ['/pause'],
    Labels: { [labels.rehearsal]: rehearsal, [labels.task]: task.taskArn },
    ExposedPorts: Object.fromEntries(keys.map((key) => [key, {}])),
    HostConfig: {
      NetworkMode: network,
      PortBindings: Object.fromEntries(keys.map((key) => [key, [{ HostIp: engine.way.published, HostPort: '' }]])),
      ExtraHosts: ['host.docker.internal:host-gateway'],
      Ulimits: defaultUlimits(engine),
    },
  }
}

/** The body of `POST /containers/create` for one container of a task. */
export function containerSpec(options: {
  task: Task
  definition: TaskDefinition
  container: ContainerDefinition
  reference: string
  pauseId: string
  environment: string[]
  rehearsal: string
  clock: Clock
  engine: EngineApi
}) {
  const { task, definition, container, reference, pauseId, environment, rehearsal, clock, engine } = options
  const override = task.overrides.containerOverrides.find(({ name }) => name === container.name)
  const memory = (override?.memory ?? container.memory ?? Number(definition.memory)) * 1024 * 1024
  const cpus = (override?.cpu || container.cpu || Number(definition.cpu)) / 1024
  // Where ten of AWS's seconds pass in one, a task gets ten seconds' worth of CPU in it.
  const compressed = (cpus * 1000) / clock.ms(1)
  const { tmpfs = [], capabilities, initProcessEnabled } = container.linuxParameters ?? {}
  const command = override?.command ?? container.command
  const { ulimits = [] } = container
  return {
    Image: reference,
    Env: environment,
    Entrypoint: container.entryPoint,
    Cmd: command,
    User: container.user,
    WorkingDir: container.workingDirectory,
    Labels: {
      ...container.dockerLabels,
      [labels.rehearsal]: rehearsal,
      [labels.task]: task.taskArn,
      [labels.container]: container.name,
    },
    // ECS knows the health check of the task definition alone, never the image's.
    Healthcheck: healthcheck(container, clock),
    HostConfig: {
      NetworkMode: `container:${pauseId}`,
      ReadonlyRootfs: container.readonlyRootFilesystem ?? false,
      Memory: memory,
      MemorySwap: memory,
      NanoCpus: Math.round(Math.min(compressed, Math.max(cpus, availableParallelism())) * 1e9),
      Init: initProcessEnabled ?? false,
      CapAdd: capabilities?.add ?? [],
      CapDrop: capabilities?.drop ?? [],
      Tmpfs: Object.fromEntries(
        tmpfs.map(({ containerPath, size, mountOptions = [] }) => [containerPath, [`size=${size}m`, ...mountOptions].join(',')]),
      ),
      Ulimits: [...defaultUlimits(engine).filter(({ Name }) => !ulimits.some(({ name }) => name === Name)), ...ulimits.map(toUlimit)],
    },
  }
}

type Healthcheck = { Test: string[] | undefined; Interval: number; Timeout: number; Retries: number; StartPeriod: number } | { Test: ['NONE']; Interval?: never }

/** Defaults: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html */
function healthcheck({ healthCheck }: ContainerDefinition, clock: Clock): Healthcheck {
  if (!healthCheck) return { Test: ['NONE'] }
  const nanoseconds = (seconds: number) => Math.round((clock.ms(seconds) / 1000) * second)
  return {
    Test: healthCheck.command,
    Interval: nanoseconds(healthCheck.interval ?? 30),
    Timeout: nanoseconds(healthCheck.timeout ?? 5),
    Retries: healthCheck.retries ?? 3,
    StartPeriod: nanoseconds(healthCheck.startPeriod ?? 0),
  }
}

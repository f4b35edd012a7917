import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { nameOf } from '../arn.ts'
import type { Task, TaskContainer } from '../records.ts'
import type { Store } from '../state.ts'
import type { MetadataPlace } from './metadata-place.ts'

export type Metadata = { uri: (container: TaskContainer) => string; close: () => void }

/**
 * The task metadata endpoint, version 4.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html
 */
export async function serveMetadata(store: Store, { listen: address, host }: MetadataPlace): Promise<Metadata> {
  const app = new Hono()
  const find = (id: string) => {
    for (const task of Object.values(store.state.tasks)) {
      const container = task.containers.find(({ containerArn }) => nameOf(containerArn) === id)
      if (container) return { task, container }
    }
    return undefined
  }
  app.get('/v4/:id', (c) => {
    const found = find(c.req.param('id'))
    return found ? c.json(renderContainer(found.container, found.task, store)) : c.notFound()
  })
  app.get('/v4/:id/task', (c) => {
    const found = find(c.req.param('id'))
    return found ? c.json(renderTask(found.task, store)) : c.notFound()
  })
  app.get('/v4/:id/stats', (c) => c.json({}))
  app.get('/v4/:id/task/stats', (c) => c.json({}))

  const server = createServer(getRequestListener(app.fetch))
  const wanted = store.state.ports.metadata ?? 0
  await listen(server, wanted, address)
  const { port } = server.address() as AddressInfo
  store.state.ports.metadata = port
  store.save()
  return {
    uri: ({ containerArn }) => `http://${host}:${port}/v4/${nameOf(containerArn)}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** At the port of last time, where nobody else has it by now. */
async function listen(server: Server, wanted: number, address: string): Promise<void> {
  for (const port of wanted === 0 ? [0] : [wanted, 0]) {
    server.listen(port, address)
    const listening = await once(server, 'listening').then(() => true, () => false)
    if (listening) return
  }
  throw new Error(`the task metadata endpoint cannot listen at ${address}`)
}

function renderTask(task: Task, store: Store) {
  const definition = store.state.taskDefinitions[task.taskDefinitionArn]
  return {
    Cluster: task.clusterArn,
    TaskARN: task.taskArn,
    Family: definition?.family,
    Revision: String(definition?.revision),
    ServiceName: task.group.startsWith('service:') ? task.group.slice(8) : undefined,
    DesiredStatus: task.desiredStatus,
    KnownStatus: task.lastStatus,
    Limits: { CPU: Number(task.cpu) / 1024, Memory: Number(task.memory) },
    PullStartedAt: iso(task.pullStartedAt),
    PullStoppedAt: iso(task.pullStoppedAt),
    AvailabilityZone: task.availabilityZone,
    LaunchType: 'FARGATE',
    Containers: task.containers.map((container) => renderContainer(container, task, store)),
    EphemeralStorageMetrics: { Utilized: 0, Reserved: 20496 },
  }
}

function renderContainer(container: TaskContainer, task: Task, store: Store) {
  const definition = store.state.taskDefinitions[task.taskDefinitionArn]
  const { logConfiguration } = definition?.containerDefinitions.find(({ name }) => name === container.name) ?? {}
  return {
    DockerId: container.runtimeId,
    Name: container.name,
    DockerName: container.name,
    Image: container.image,
    ImageID: container.imageDigest,
    Labels: {
      'com.amazonaws.ecs.cluster': task.clusterArn,
      'com.amazonaws.ecs.container-name': container.name,
      'com.amazonaws.ecs.task-arn': task.taskArn,
      'com.amazonaws.ecs.task-definition-family': definition?.family,
      'com.amazonaws.ecs.task-definition-version': String(definition?.revision),
    },
    DesiredStatus: task.desiredStatus,
    KnownStatus: container.lastStatus,
    Limits: { CPU: Number(container.cpu) },
    CreatedAt: iso(task.createdAt),
    StartedAt: iso(task.startedAt),
    Type: 'NORMAL',
    LogDriver: logConfiguration?.logDriver,
    LogOptions: logConfiguration?.options,
    ContainerARN: container.containerArn,
    Networks: [{ NetworkMode: 'awsvpc', IPv4Addresses: task.own.ip ? [task.own.ip] : [], AttachmentIndex: 0 }],
    Snapshotter: 'overlayfs',
  }
}

const iso = (seconds: number | undefined) => (seconds === undefined ? undefined : new Date(seconds * 1000).toISOString())

import { createHash } from 'node:crypto'
import { labels, pauseSpec } from './container-spec.ts'
import type { Task, TaskDefinition } from '../records.ts'
import type { Store } from '../state.ts'
import { answers, type EngineApi } from '../engine/engine-api.ts'
import { findMetadataPlace } from './metadata-place.ts'
import { serveMetadata, type Metadata } from './metadata.ts'
import { ensurePauseImage } from './pause-image.ts'

export type TaskGround = ReturnType<typeof createTaskGround>

/** What all tasks stand on: their network, the image that holds a task's place in it, and the metadata endpoint. */
export function createTaskGround({ engine, store, stateDir }: { engine: EngineApi; store: Store; stateDir: string }) {
  const hash = createHash('sha256').update(stateDir).digest('hex').slice(0, 12)
  const network = `fargate-ctl-${hash}`
  const bridge = `ea-${hash}`
  let ground: Promise<void> | undefined
  let serving: Promise<Metadata> | undefined

  /** Made when the first task needs it. */
  const prepare = () => {
    ground ??= make().catch((error) => {
      ground = undefined
      throw error
    })
    return ground
  }

  const make = async (): Promise<void> => {
    await ensurePauseImage(engine)
    const [known] = await engine.read(answers.networks, 'GET', '/networks', { query: { filters: JSON.stringify({ name: [network] }) } })
    if (known) return
    const Options = { 'com.docker.network.bridge.name': bridge }
    await engine.call('POST', '/networks/create', { body: { Name: network, Driver: 'bridge', Options, Labels: { [labels.rehearsal]: stateDir } } })
  }

  /** Once a task is attached: podman makes a network's bridge for its first container. */
  const metadata = () => {
    serving ??= findMetadataPlace(engine, network, bridge).then((place) => serveMetadata(store, place)).catch((error) => {
      serving = undefined
      throw error
    })
    return serving
  }

  /** Starts the container that holds the task's network, and notes the task's address and ports. */
  const attach = async (task: Task, definition: TaskDefinition, removed: () => boolean): Promise<void> => {
    await prepare()
    const body = pauseSpec({ task, definition, network, rehearsal: stateDir, engine })
    const { Id } = await engine.read(answers.created, 'POST', '/containers/create', { body })
    task.own.pauseId = Id
    if (removed())
      return void (await engine.call('DELETE', `/containers/${Id}`, { query: { force: 'true' } }).catch(() => undefined))
    await engine.call('POST', `/containers/${Id}/start`)
    const { NetworkSettings } = await engine.read(answers.container, 'GET', `/containers/${Id}/json`)
    const { IPAddress, MacAddress } = NetworkSettings.Networks[network] as { IPAddress: string; MacAddress: string }
    task.own.ip = IPAddress
    for (const [key, bindings] of Object.entries(NetworkSettings.Ports)) {
      task.own.ports[key.split('/')[0] as string] = Number(bindings?.[0]?.HostPort)
    }
    for (const attachment of task.attachments) {
      attachment.status = 'ATTACHED'
      attachment.details.push({ name: 'macAddress', value: MacAddress }, { name: 'privateIPv4Address', value: IPAddress })
      for (const container of task.containers)
        container.networkInterfaces = [{ attachmentId: attachment.id, privateIpv4Address: IPAddress }]
    }
  }

  const close = async () => {
    const served = await serving?.catch(() => undefined)
    served?.close()
    if (ground || serving) await engine.call('DELETE', `/networks/${network}`).catch(() => undefined)
  }

  return { attach, metadata, close }
}

import { createHash } from 'node:crypto'
import { labels, pauseSpec } from './container-spec.ts'
import type { Task, TaskDefinition } from '../records.ts'
import type { Store } from '../state.ts'
import { answers, type EngineApi } from './engine-api.ts'
import { serveMetadata, type Metadata } from './metadata.ts'
import { ensurePauseImage } from './pause-image.ts'

export type TaskGround = ReturnType<typeof createTaskGround>

type Ground = { network: string; metadata: Metadata }

/** What all tasks stand on: their network, the image that holds a task's place in it, and the metadata endpoint. */
export function createTaskGround({ engine, store, stateDir }: { engine: EngineApi; store: Store; stateDir: string }) {
  let ground: Promise<Ground> | undefined

  /** Made when the first task needs it. */
  const prepare = () => {
    ground ??= make().catch((error) => {
      ground = undefined
      throw error
    })
    return ground
  }

  const make = async (): Promise<Ground> => {
    const network = `fargate-ctl-${createHash('sha256').update(stateDir).digest('hex').slice(0, 12)}`
    await ensurePauseImage(engine)
    const [known] = await engine.read(answers.networks, 'GET', '/networks', { query: { filters: JSON.stringify({ name: [network] }) } })
    if (!known) {
      await engine.call('POST', '/networks/create', {
        body: { Name: network, Driver: 'bridge', Labels: { [labels.rehearsal]: stateDir } },
      })
    }
    const { IPAM } = await engine.read(answers.network, 'GET', `/networks/${network}`)
    const { Gateway, Subnet = '' } = IPAM.Config[0] ?? {}
    const bridge = Gateway ?? Subnet.replace(/\d+\/\d+$/, '1')
    return { network, metadata: await serveMetadata(store, bridge) }
  }

  /** Starts the container that holds the task's network, and notes the task's address and ports. */
  const attach = async (task: Task, definition: TaskDefinition, removed: () => boolean): Promise<void> => {
    const { network } = await prepare()
    const { Id } = await engine.read(answers.created, 'POST', '/containers/create', { body: pauseSpec(task, definition, network, stateDir) })
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
    const made = await ground?.catch(() => undefined)
    made?.metadata.close()
    if (made) await engine.call('DELETE', `/networks/${made.network}`).catch(() => undefined)
  }

  return { prepare, attach, close }
}

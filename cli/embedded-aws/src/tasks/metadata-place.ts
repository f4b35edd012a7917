import { existsSync } from 'node:fs'
import { answers, type EngineApi } from '../engine/engine-api.ts'
import { ownAddressTowards } from '../engine/way.ts'

/** Where the metadata endpoint listens, and the name by which tasks reach it. */
export type MetadataPlace = { listen: string; host: string }

/** An address for documentation, on the way to which this machine has its main address. */
const elsewhere = '203.0.113.1'

/**
 * Where the tasks of a network reach this machine: at the network's bridge, where that is this machine's; else, on
 * another machine, at the address that it sees; else by the name that Docker Desktop, colima and podman machine lead to
 * this machine's loopback, and an engine without root to its main address.
 */
export async function findMetadataPlace(engine: EngineApi, network: string, bridge: string): Promise<MetadataPlace> {
  const { here } = engine.way
  if (here) return { listen: here, host: here }
  const { Id, IPAM } = await engine.read(answers.network, 'GET', `/networks/${network}`)
  const isHere = [bridge, `br-${Id.slice(0, 12)}`].some((name) => existsSync(`/sys/class/net/${name}`))
  const { Gateway, Subnet = '' } = IPAM.Config[0] ?? {}
  const address = Gateway ?? Subnet.replace(/\d+\/\d+$/, '1')
  if (isHere) return { listen: address, host: address }
  const { SecurityOptions } = await engine.read(answers.info, 'GET', '/info')
  const isRootless = SecurityOptions?.some((option) => option.includes('rootless'))
  return { listen: isRootless ? await ownAddressTowards(elsewhere) : '127.0.0.1', host: 'host.docker.internal' }
}

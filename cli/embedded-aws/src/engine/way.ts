import { once } from 'node:events'
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import type { EngineAddress } from './address.ts'

/** How this machine and the one where containers run reach each other. */
export type Way = {
  /** The address at which containers' ports are published, and reached from here. */
  published: string
  /** This machine as the engine's machine sees it; undefined where both are one, or the engine's is a virtual one in this. */
  here: string | undefined
}

/**
 * Ports are published on loopback, which Docker Desktop, colima and podman machine forward to this machine's. On another
 * machine they are published at the address by which its engine is reached.
 * https://docs.docker.com/desktop/features/networking/
 */
export async function findWay({ host }: EngineAddress): Promise<Way> {
  const { protocol, hostname } = new URL(host)
  const own: Way = { published: '127.0.0.1', here: undefined }
  if (protocol === 'unix:') return own
  const { address } = await lookup(hostname, { family: 4 })
  return address.startsWith('127.') ? own : { published: address, here: await ownAddressTowards(address) }
}

/** The address that this machine has on the way to another one; nothing is sent. */
export async function ownAddressTowards(address: string): Promise<string> {
  const socket = createSocket('udp4')
  socket.connect(9, address)
  await once(socket, 'connect')
  const own = socket.address().address
  socket.close()
  return own
}

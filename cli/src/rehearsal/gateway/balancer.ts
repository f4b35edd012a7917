import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openState } from './state.ts'
import { pass } from './proxy.ts'

/** The loopback port of each load balancer, by the name AWS would give it. */
type Ports = Record<string, number>

export type Balancers = {
  /** Puts loopback addresses in the place of the load balancers' DNS names in an answer of ELBv2. */
  localAddresses(body: string): Promise<string>
  close(): Promise<void>
}

/** Gives each load balancer of ministack an address of its own that a browser on this machine opens. */
export async function openBalancers(stateDir: string, ministackUrl: string): Promise<Balancers> {
  const state = await openState<Ports>(stateDir, 'balancers.json', {})
  const servers = new Map<string, Server>()
  for (const [name, port] of Object.entries(state.value)) await serve(name, port)

  async function serve(name: string, wanted: number): Promise<number> {
    const server = createServer((request, response) => pass(request, response, ministackUrl, { host: name }))
    const port = await new Promise<number>((resolve, reject) => {
      server.once('error', reject)
      server.listen(wanted, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
    })
    servers.set(name, server)
    return port
  }
  async function portOf(name: string): Promise<number> {
    const known = state.value[name]
    if (known !== undefined) return known
    const port = await serve(name, 0)
    await state.save({ ...state.value, [name]: port })
    return port
  }
  return {
    async localAddresses(body) {
      const names = new Set([...body.matchAll(/<DNSName>([^<]+)<\/DNSName>/g)].map(([, name]) => name ?? ''))
      let changed = body
      for (const name of names) {
        changed = changed.replaceAll(`<DNSName>${name}</DNSName>`, `<DNSName>127.0.0.1:${await portOf(name)}</DNSName>`)
      }
      return changed
    },
    async close() {
      for (const server of servers.values()) {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
    },
  }
}

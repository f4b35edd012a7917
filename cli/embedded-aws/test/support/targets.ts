import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DeregisterTargetsCommand, RegisterTargetsCommand } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Test } from 'tap'
import type { Ecs } from './ecs.ts'
import { waitFor } from './wait-for.ts'

/** A target that answers with its name, counts its health checks and can turn unhealthy. */
export async function serveTarget(t: Test, name: string, more: RequestListener = () => undefined) {
  const target = { name, health: 200, checks: 0, server: undefined as unknown as Server, port: 0, id: '127.0.0.1' }
  target.server = createServer((req, res) => {
    if (req.url === '/healthz') {
      target.checks++
      return void res.writeHead(target.health).end()
    }
    more(req, res)
    if (req.url === '/' || req.url?.startsWith('/?')) res.end(JSON.stringify({ name, headers: req.headers, raw: req.rawHeaders }))
  }).listen(0, '127.0.0.1')
  await once(target.server, 'listening')
  target.port = (target.server.address() as AddressInfo).port
  t.teardown(() => {
    target.server.close()
    target.server.closeAllConnections()
  })
  return target
}

export type Target = Awaited<ReturnType<typeof serveTarget>>

/** Registers targets and waits for their health. */
export const targetCalls = ({ elb, healthOf }: Pick<Ecs, 'elb' | 'healthOf'>) => ({
  register: (TargetGroupArn: string, ...targets: Target[]) =>
    elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: targets.map(({ id, port }) => ({ Id: id, Port: port })) })),
  deregister: (TargetGroupArn: string, { id, port }: Target) =>
    elb.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: id, Port: port }] })),
  waitForHealth: (group: string, { port }: Target, state: string) =>
    waitFor(`target is ${state}`, async () => {
      const found = (await healthOf(group)).find(({ Target: each }) => each?.Port === port)
      return found?.TargetHealth?.State === state && found.TargetHealth
    }),
})

/** The name of the target that answers. */
export const askName = async (url: string) => ((await (await fetch(url)).json()) as { name: string }).name

/** The names of all that answer so many requests. */
export const askNames = async (url: string, times: number) =>
  new Set(await Promise.all(Array.from({ length: times }, () => askName(url))))

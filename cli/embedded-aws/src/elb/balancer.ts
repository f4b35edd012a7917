import { randomBytes } from 'node:crypto'
import { Agent, request, ServerResponse, STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { readBalancerConfig, targetGroupsOf, type BalancerConfig, type Listener, type LoadBalancer } from './config.ts'
import type { Certificate } from './certificate.ts'
import type { Scope } from '../records.ts'
import type { Store } from '../state.ts'
import { openEntrance, type Entrance, type Protocol } from './entrance.ts'
import { without } from '../proxy.ts'
import { decide } from './rules.ts'
import type { Target, TargetHealth } from './target-health.ts'
import type { TrafficMetrics } from './traffic-metrics.ts'
import type { Upstream } from '../upstream.ts'

/** Seconds until an ALB gives a connection up: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html */
const connectSeconds = 10

/** A port and who answers there; `ports` are the loopback ports that stand for the load balancer's own. */
type Front = { entrance: Entrance; listeners: Partial<Record<Protocol, Listener>>; loadBalancer?: LoadBalancer; ports: Map<number, number> }

type Options = {
  store: Store
  upstream: Upstream
  health: TargetHealth
  metrics: TrafficMetrics
  certificate: () => Promise<Certificate>
  log: (line: string) => void
}

export type Balancer = Awaited<ReturnType<typeof createBalancer>>

/**
 * Serves every listener of every load balancer on loopback. A load balancer has its port from the moment it is created,
 * because its DNS name says it; the first HTTP listener and the first HTTPS listener share that one, others have their own.
 */
export async function createBalancer(options: Options) {
  const { store, upstream, health, metrics, certificate, log } = options
  const fronts = new Map<string, Front>()
  const configs = new Map<string, BalancerConfig>()
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 256 })
  const turns = new Map<string, number>()
  let reloading = Promise.resolve()

  const pick = (group: string): Target | undefined => {
    const targets = health.candidates(group)
    const turn = turns.get(group) ?? 0
    turns.set(group, turn + 1)
    return targets[turn % targets.length]
  }

  /** The answer of the load balancer itself, which CloudWatch counts apart. */
  const answer = (front: Front, res: ServerResponse, status: number) => {
    metrics.ownAnswer(balancerOf(front), status)
    send(res, status, 'text/html', page(status))
  }

  /** @param key ARN of a load balancer or, for its other listeners, of a listener */
  const open = async (key: string): Promise<Front> => {
    const known = fronts.get(key)
    if (known) return known
    const entrance = await openEntrance(store.state.ports[key], certificate, {
      request: (protocol, req, res) => serve(front, protocol, req, res),
      upgrade: (protocol, req, socket, head) => upgrade(front, protocol, req, socket, head),
      invalid: (socket) => refuse(socket, 400),
      connection: () => front.loadBalancer && metrics.newConnection(front.loadBalancer.arn),
    })
    const front: Front = { entrance, listeners: {}, ports: new Map() }
    fronts.set(key, front)
    store.state.ports[key] = entrance.port
    store.save()
    return front
  }

  const shut = (key: string) => {
    fronts.get(key)?.entrance.close()
    fronts.delete(key)
    delete store.state.ports[key]
    store.save()
  }

  const apply = async () => {
    const all = [...configs.values()]
    health.setGroups(all.flatMap(({ groups }) => groups))
    const wanted = new Set<string>()
    for (const { loadBalancers, listeners } of all) {
      for (const loadBalancer of loadBalancers) {
        const own = listeners.filter(({ loadBalancerArn }) => loadBalancerArn === loadBalancer.arn)
        const first = [own.find(({ protocol }) => protocol === 'HTTP'), own.find(({ protocol }) => protocol === 'HTTPS')].filter(isThere)
        const others = own.filter((listener) => !first.includes(listener))
        const ports = new Map<number, number>()
        await assign(loadBalancer.arn, loadBalancer, first, ports)
        for (const listener of others) await assign(listener.arn, loadBalancer, [listener], ports)
        for (const key of [loadBalancer.arn, ...others.map(({ arn }) => arn)]) wanted.add(key)
      }
    }
    for (const key of fronts.keys()) if (!wanted.has(key)) shut(key)
  }

  const assign = async (key: string, loadBalancer: LoadBalancer, listeners: Listener[], ports: Map<number, number>) => {
    const front = await open(key)
    for (const { port } of listeners) ports.set(port, front.entrance.port)
    Object.assign(front, { loadBalancer, listeners: Object.fromEntries(listeners.map((each) => [each.protocol, each])), ports })
  }

  const read = async (scope: Scope) => {
    const { balancerScopes } = store.state
    if (!balancerScopes.some(({ region, account }) => region === scope.region && account === scope.account)) balancerScopes.push(scope)
    configs.set(`${scope.region}/${scope.account}`, await readBalancerConfig(upstream.elb(scope)))
  }

  /** Reads the configuration anew, of one region or of all, and serves it. One reading at a time. */
  const reload = (scope?: Scope): Promise<void> => {
    const now = reloading.then(async () => {
      await Promise.all((scope ? [scope] : store.state.balancerScopes).map(read))
      await apply()
    })
    reloading = now.catch((error: Error) => log(`load balancers could not be read: ${error.message}`))
    return now
  }

  const serve = (front: Front, protocol: Protocol, req: IncomingMessage, res: ServerResponse) => {
    const listener = front.listeners[protocol]
    if (!listener) return void req.socket.destroy()
    const decision = decide(listener, front.ports, req)
    if (!decision) return answer(front, res, 500)
    if (decision.kind === 'redirect') {
      metrics.redirect(balancerOf(front))
      return void res.writeHead(decision.status, { Server: 'awselb/2.0', Location: decision.location }).end()
    }
    if (decision.kind === 'fixed') {
      metrics.fixedResponse(balancerOf(front))
      return send(res, decision.status, decision.contentType, decision.body)
    }
    const target = pick(decision.targetGroupArn)
    if (!target) return answer(front, res, 503)
    forward({ target, group: decision.targetGroupArn }, front, protocol, req, res)
  }

  const forward = ({ target, group }: { target: Target; group: string }, front: Front, protocol: Protocol, req: IncomingMessage, res: ServerResponse) => {
    const loadBalancer = front.loadBalancer as LoadBalancer
    const askedAt = performance.now()
    metrics.request(loadBalancer.arn, group, health.candidates(group).length)
    const asked = ask(target, front, protocol, req, agent)
    const cut = () => asked.destroy()
    target.inFlight.add(cut)
    const fail = (status: number) => (res.headersSent ? res.destroy() : answer(front, res, status))
    whenLate(asked, loadBalancer.idleTimeoutSeconds, () => {
      fail(504)
      asked.destroy()
    })
    asked.on('response', (response) => {
      metrics.answer(loadBalancer.arn, group, response.statusCode ?? 502, (performance.now() - askedAt) / 1000)
      res.writeHead(response.statusCode ?? 502, response.statusMessage, without(response.rawHeaders, hopByHop))
      response.pipe(res)
      // What has come of the body by then goes out with the headers; they do not wait for more.
      setImmediate(() => res.writableEnded || res.flushHeaders())
      response.on('error', () => res.destroy())
    })
    asked.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED') metrics.connectionError(loadBalancer.arn, group)
      fail(502)
    })
    res.on('close', () => {
      target.inFlight.delete(cut)
      if (!res.writableFinished) asked.destroy()
    })
    if (hasBody(req)) req.pipe(asked)
    else asked.end()
  }

  const upgrade = (front: Front, protocol: Protocol, req: IncomingMessage, socket: Duplex, head: Buffer) => {
    const listener = front.listeners[protocol]
    const decision = listener && decide(listener, front.ports, req)
    if (decision?.kind !== 'forward') return answerPlainly(front, protocol, req, socket)
    const target = pick(decision.targetGroupArn)
    if (!target) return refuse(socket, 503)
    const asked = ask(target, front, protocol, req, undefined)
    const cut = () => socket.destroy()
    target.inFlight.add(cut)
    socket.on('close', () => target.inFlight.delete(cut))
    asked.on('upgrade', (response, upstreamSocket, upstreamHead) => {
      socket.write(renderHead(response, response.rawHeaders))
      socket.write(upstreamHead)
      upstreamSocket.write(head)
      upstreamSocket.pipe(socket).pipe(upstreamSocket)
      for (const [one, other] of [[socket, upstreamSocket], [upstreamSocket, socket]] as const) {
        one.on('error', () => other.destroy())
        one.on('close', () => other.destroy())
      }
    })
    asked.on('response', (response) => {
      socket.write(renderHead(response, without(response.rawHeaders, hopByHop).concat('Connection', 'close')))
      response.pipe(socket)
    })
    asked.on('error', () => refuse(socket, 502))
    asked.end()
  }

  /** A rule that needs no target answers an upgrade as it does any other request. */
  const answerPlainly = (front: Front, protocol: Protocol, req: IncomingMessage, socket: Duplex) => {
    const res = new ServerResponse(req)
    res.shouldKeepAlive = false
    res.assignSocket(socket as Socket)
    res.on('finish', () => socket.end())
    serve(front, protocol, req, res)
  }

  return {
    reload,
    /** What stands in for a load balancer's DNS name on this machine. */
    address: (dnsName: string) => {
      const found = [...configs.values()].flatMap(({ loadBalancers }) => loadBalancers).find((each) => each.dnsName === dnsName)
      const port = found && store.state.ports[found.arn]
      return port === undefined ? dnsName : `127.0.0.1:${port}`
    },
    /** Every load balancer with its open connections. */
    connections: () => [...fronts.values()].flatMap(({ entrance, loadBalancer }) => (loadBalancer ? [{ arn: loadBalancer.arn, open: entrance.open() }] : [])),
    /** Every load balancer with each target group that its listeners forward to. */
    attachments: () => {
      const listeners = [...configs.values()].flatMap((config) => config.listeners)
      const pairs = listeners.flatMap(({ loadBalancerArn, rules }) =>
        rules.flatMap(({ actions }) => actions.flatMap(targetGroupsOf)).map((group) => `${loadBalancerArn} ${group}`),
      )
      return [...new Set(pairs)].map((pair) => pair.split(' ') as [balancer: string, group: string])
    },
    /** Everything that is configured in a region, as it was last read. */
    configOf: ({ region, account }: Scope): BalancerConfig => configs.get(`${region}/${account}`) ?? { loadBalancers: [], listeners: [], groups: [] },
    /** ARNs of target groups that belong to a load balancer. */
    hasListener: (group: string) => health.group(group)?.inUse ?? false,
    close: async () => {
      await reloading
      for (const { entrance } of fronts.values()) entrance.close()
      agent.destroy()
    },
  }
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined
}

/** https://www.rfc-editor.org/rfc/rfc9112#section-6.3 */
const hasBody = ({ headers }: IncomingMessage) => headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

const balancerOf = ({ loadBalancer }: Front) => loadBalancer?.arn ?? ''

const hopByHop = /^(connection|keep-alive|proxy-connection|transfer-encoding|upgrade|te|trailer)$/i

/** Headers as an ALB sends them: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html */
function ask({ address }: Target, { loadBalancer, entrance }: Front, protocol: Protocol, req: IncomingMessage, agent: Agent | undefined) {
  const upgrading = agent === undefined
  const invalid = loadBalancer?.dropInvalidHeaders ? /[^a-z0-9-]/i : /^$/
  const hops = upgrading ? /^(keep-alive|proxy-connection)$/i : /^(connection|keep-alive|proxy-connection|upgrade|expect)$/i
  const own = /^(x-forwarded-(proto|port|for)|x-amzn-trace-id)$/i
  const client = (req.socket).remoteAddress?.replace('::ffff:', '') ?? '127.0.0.1'
  const before = req.headers['x-forwarded-for']
  const headers = [hops, own, invalid].reduce(without, req.rawHeaders)
  headers.push('X-Forwarded-For', before ? `${String(before)}, ${client}` : client)
  headers.push('X-Forwarded-Proto', protocol.toLowerCase())
  headers.push('X-Forwarded-Port', String(entrance.port))
  headers.push('X-Amzn-Trace-Id', String(req.headers['x-amzn-trace-id'] ?? newTrace()))
  if (!upgrading) headers.push('Connection', 'keep-alive')
  const { host, port: targetPort } = address
  return request({ host, port: targetPort, method: req.method, path: req.url, headers, setHost: false, agent: agent ?? false })
}

function newTrace(): string {
  return `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${randomBytes(12).toString('hex')}`
}

/** Calls `late` when the target does not take the connection in ten seconds or then says nothing for the idle timeout. */
function whenLate(asked: ReturnType<typeof request>, idleSeconds: number, late: () => void): void {
  asked.on('socket', (socket) => {
    const connecting = socket.connecting
    socket.setTimeout((connecting ? connectSeconds : idleSeconds) * 1000)
    if (connecting) socket.once('connect', () => socket.setTimeout(idleSeconds * 1000))
    socket.once('timeout', late)
    asked.once('close', () => socket.off('timeout', late))
  })
}

function send(res: ServerResponse, status: number, contentType: string, body: string): void {
  const headers = { Server: 'awselb/2.0', 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) }
  res.writeHead(status, headers).end(body)
}

function page(status: number): string {
  const title = `${status} ${status === 503 ? 'Service Temporarily Unavailable' : status === 504 ? 'Gateway Time-out' : STATUS_CODES[status]}`
  return `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`
}

function refuse(socket: Duplex, status: number): void {
  const body = page(status)
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nServer: awselb/2.0\r\nContent-Type: text/html\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`
  if (socket.writable) socket.end(head + body)
}

function renderHead({ statusCode, statusMessage }: IncomingMessage, rawHeaders: string[]): string {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`]
  for (let index = 0; index < rawHeaders.length; index += 2) lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}

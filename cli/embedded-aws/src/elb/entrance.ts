import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Certificate } from './certificate.ts'

export type Protocol = 'HTTP' | 'HTTPS'

export type Handlers = {
  request: (protocol: Protocol, req: IncomingMessage, res: ServerResponse) => void
  upgrade: (protocol: Protocol, req: IncomingMessage, socket: Duplex, head: Buffer) => void
  invalid: (socket: Duplex) => void
  connection: () => unknown
}

export type Entrance = { port: number; open: () => number; close: () => void }

/** How a TLS connection begins: https://www.rfc-editor.org/rfc/rfc8446#section-5.1 */
const handshake = 22

const options = { keepAliveTimeout: 60_000 }

/**
 * One loopback port for HTTP and HTTPS, because a load balancer's DNS name leads to both and here names the port, too.
 * @param wanted the port; a free one when somebody else has it
 * @param certificate reads the one to show: it may change while the entrance is open
 */
export async function openEntrance(wanted: number | undefined, certificate: () => Promise<Certificate>, handlers: Handlers): Promise<Entrance> {
  const SNICallback = (_: string, done: (error: Error | null, context?: SecureContext) => void) =>
    void certificate().then((read) => done(null, createSecureContext(read)), done)
  const servers = { HTTP: createHttpServer(options), HTTPS: createHttpsServer({ ...options, ...(await certificate()), SNICallback }) }
  for (const protocol of ['HTTP', 'HTTPS'] as const) attach(servers[protocol], protocol, handlers)
  const open = new Set<Socket>()
  // As node:http's own servers do: without it every answer of two parts waits for the client's delayed acknowledgement.
  const entrance = createServer({ noDelay: true }, (socket) => {
    open.add(socket)
    handlers.connection()
    socket.once('close', () => open.delete(socket))
    route(socket, servers)
  })
  const port = await listen(entrance, wanted)
  const close = () => {
    entrance.close()
    for (const socket of open) socket.destroy()
  }
  return { port, open: () => open.size, close }
}

function attach(server: HttpServer | HttpsServer, protocol: Protocol, { request, upgrade, invalid }: Handlers): void {
  server.on('request', (req, res) => request(protocol, req, res))
  server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
    res.writeContinue()
    request(protocol, req, res)
  })
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => upgrade(protocol, req, socket, head))
  server.on('clientError', (_, socket) => invalid(socket))
}

function route(socket: Socket, servers: Record<Protocol, HttpServer>): void {
  socket.on('error', () => socket.destroy())
  socket.once('readable', () => {
    const first = socket.read() as Buffer | null
    if (!first) return void socket.destroy()
    socket.unshift(first)
    servers[first[0] === handshake ? 'HTTPS' : 'HTTP'].emit('connection', socket)
  })
}

async function listen(server: Server, wanted = 0): Promise<number> {
  server.listen(wanted, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    if (wanted === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return listen(server)
  }
  return (server.address() as AddressInfo).port
}

import { Agent, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** Passes a request on and its answer back. */
export type Proxy = {
  /** Streams both ways and changes nothing. */
  stream: (req: IncomingMessage, res: ServerResponse) => void
  /** Waits for the whole answer, for calls whose answer is read or changed. `body` replaces the request's. */
  exchange: (req: IncomingMessage, body: Buffer) => Promise<Exchange>
  close: () => void
}

export type Exchange = { status: number; headers: IncomingMessage['headers']; body: Buffer }

export function createProxy(target: string): Proxy {
  const { hostname, port } = new URL(target)
  const agent = new Agent({ keepAlive: true, timeout: 60_000 })
  const open = ({ method, url, rawHeaders }: IncomingMessage, skip: RegExp, more: string[] = []) =>
    request({ agent, hostname, port, method, path: url, headers: [...without(rawHeaders, skip), ...more], setHost: false })

  const stream = (req: IncomingMessage, res: ServerResponse) => {
    const upstream = open(req, /^(connection|keep-alive|expect)$/i)
    upstream.on('response', (answer) => {
      res.writeHead(answer.statusCode ?? 502, without(answer.rawHeaders, /^(connection|keep-alive)$/i))
      answer.pipe(res)
      answer.on('error', () => res.destroy())
    })
    upstream.on('error', () => (res.headersSent ? res.destroy() : res.writeHead(502).end()))
    res.on('close', () => upstream.destroy())
    req.pipe(upstream)
  }

  const exchange = (req: IncomingMessage, body: Buffer) =>
    new Promise<Exchange>((resolve, reject) => {
      const rewritten = /^(connection|keep-alive|expect|transfer-encoding|content-length|accept-encoding)$/i
      const upstream = open(req, rewritten, ['Content-Length', String(body.length)])
      upstream.on('error', reject)
      upstream.on('response', (answer) => {
        buffer(answer).then((bytes) => resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: bytes }), reject)
      })
      upstream.end(body)
    })

  return { stream, exchange, close: () => agent.destroy() }
}

/** Sends an answer whose body may have been changed. */
export function sendExchange(res: ServerResponse, { status, headers, body }: Exchange): void {
  const { connection: _connection, 'keep-alive': _keepAlive, 'transfer-encoding': _encoding, ...kept } = headers
  res.writeHead(status, { ...kept, 'content-length': body.length }).end(body)
}

/** Headers as they came, in order and repeated where they were repeated. */
export function without(rawHeaders: string[], skip: RegExp): string[] {
  const kept: string[] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    if (!skip.test(name)) kept.push(name, rawHeaders[index + 1] as string)
  }
  return kept
}

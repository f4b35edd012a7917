import { Agent, request as send, type IncomingMessage, type ServerResponse } from 'node:http'

const agent = new Agent({ keepAlive: true })
/** https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']

/** Passes a request on as it is and streams the answer back. `headers` replace the client's own. */
export function pass(request: IncomingMessage, response: ServerResponse, url: string, headers: Record<string, string> = {}): void {
  const upstream = forward(request, url, headers)
  upstream.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, withoutHopByHop(answer))
    answer.pipe(response)
    answer.on('error', () => response.destroy())
  })
  upstream.on('error', () => {
    if (response.headersSent) response.destroy()
    else response.writeHead(502).end()
  })
  response.on('close', () => upstream.destroy())
  request.pipe(upstream)
}

/** Sends a body that was read already and reads the whole answer. */
export function exchange(request: IncomingMessage, url: string, body: Buffer): Promise<{ status: number; headers: Record<string, string | string[]>; body: string }> {
  return new Promise((resolve, reject) => {
    const upstream = forward(request, url, { 'content-length': String(body.length), 'accept-encoding': 'identity' })
    upstream.on('error', reject)
    upstream.on('response', (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('error', reject)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 502, headers: withoutHopByHop(answer), body: Buffer.concat(chunks).toString() }))
    })
    upstream.end(body)
  })
}

function forward(request: IncomingMessage, url: string, headers: Record<string, string>) {
  const { hostname, port } = new URL(url)
  return send({ agent, hostname, port, method: request.method, path: request.url, headers: { ...request.headers, ...headers } })
}

function withoutHopByHop(answer: IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined && !hopByHop.includes(name)) headers[name] = value
  }
  return headers
}

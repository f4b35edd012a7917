// A server that misbehaves on request. At start: PORT, HEALTH (status of /healthz), EXIT_AFTER_MS and EXIT_CODE,
// IGNORE_SIGTERM; while it runs: POST /health/503, /exit/7.
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const { PORT = '8080', VERSION = '1', EXIT_AFTER_MS, EXIT_CODE = '1', IGNORE_SIGTERM, ECS_CONTAINER_METADATA_URI_V4 } = process.env
let health = Number(process.env.HEALTH ?? 200)

const routes: Record<string, (req: IncomingMessage, res: ServerResponse, value?: string) => unknown> = {
  healthz: (_, res) => res.writeHead(health).end(),
  health: (_, res, status) => {
    health = Number(status)
    res.end()
  },
  exit: (_, res, code) => res.end('', () => process.exit(Number(code))),
  slow: async (_, res, ms) => {
    await sleep(Number(ms))
    res.end(`version ${VERSION} took its time`)
  },
  metadata: async (_, res, what = '') => {
    const answer = await fetch(`${ECS_CONTAINER_METADATA_URI_V4}${what && `/${what}`}`)
    res.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(await answer.text())
  },
}

const server = createServer((req, res) => {
  const [, name = '', value] = (req.url ?? '/').split('/')
  const route = routes[name]
  if (route) return route(req, res, value)
  res.setHeader('Content-Type', 'application/json')
  res.end(JSON.stringify({ version: VERSION, headers: req.headers, url: req.url, hostname: process.env.HOSTNAME }))
})

// One small text frame to everybody who upgrades, so that no library is needed: RFC 6455.
server.on('upgrade', (req, socket) => {
  const accept = createHash('sha1').update(`${req.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`]
  const text = Buffer.from(`version ${VERSION}`)
  socket.write(`${head.join('\r\n')}\r\n\r\n`)
  socket.write(Buffer.concat([Buffer.from([0x81, text.length]), text]))
})

server.listen(Number(PORT), () => console.log(`version ${VERSION} listens at ${PORT}`))
if (EXIT_AFTER_MS) setTimeout(() => process.exit(Number(EXIT_CODE)), Number(EXIT_AFTER_MS))
process.on('SIGTERM', () => {
  console.log('SIGTERM')
  if (!IGNORE_SIGTERM) server.close(() => process.exit(0))
})

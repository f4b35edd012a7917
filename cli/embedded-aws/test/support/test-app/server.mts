// A server that misbehaves on request: EXIT_AFTER_MS and EXIT_CODE at its start, /health/500 while it runs.
import { createServer } from 'node:http'

const { PORT = '8080', VERSION = '1', EXIT_AFTER_MS, EXIT_CODE = '1' } = process.env
let health = 200

const server = createServer((req, res) => {
  const [, name, value] = (req.url ?? '/').split('/')
  if (name === 'healthz') return res.writeHead(health).end()
  if (name === 'health') health = Number(value)
  res.setHeader('Content-Type', 'application/json')
  return res.end(JSON.stringify({ version: VERSION }))
})

server.listen(Number(PORT), () => console.log(`version ${VERSION} listens at ${PORT}`))
if (EXIT_AFTER_MS) setTimeout(() => process.exit(Number(EXIT_CODE)), Number(EXIT_AFTER_MS))
process.on('SIGTERM', () => server.close(() => process.exit(0)))

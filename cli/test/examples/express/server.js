// Express with a package of native code, and nothing bundled: the image gets node_modules/ as it is.
import { crc32 } from '@node-rs/crc32'
import express from 'express'

const app = express()
app.get('/', (_request, response) => void response.send('<h1>Hello from Express</h1>'))
app.get('/healthz', (_request, response) => void response.send('ready\n'))
app.get('/crc32/:text', (request, response) => void response.json({ crc32: crc32(request.params.text).toString(16) }))

const server = app.listen(Number(process.env.PORT ?? 8080))
server.keepAliveTimeout = 65_000
process.on('SIGTERM', () => {
  server.close()
  server.closeIdleConnections()
})

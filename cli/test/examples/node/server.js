// Node alone: the health check, /version, and an end that finishes what is under way.
import { createServer } from 'node:http'

const greeting = 'Hello, everyone!'
const { PORT = '8080', APP_ENV, APP_VERSION, IMAGE_COMMIT = null, IMAGE_TAG, ECS_CONTAINER_METADATA_URI_V4: metadata } = process.env
/** @type {{ ImageID?: string, Labels?: Record<string, string> }} */
const container = metadata ? await fetch(metadata).then((response) => response.json()) : {}
const task = container.Labels?.['com.amazonaws.ecs.task-arn']?.split('/').at(-1)
const startedAt = new Date().toISOString()

/** @type {Record<string, object>} */
const answers = {
  '/': { greeting, environment: APP_ENV, task },
  '/healthz': { ready: true },
  '/version': { version: APP_VERSION, commit: IMAGE_COMMIT, imageTag: IMAGE_TAG, imageDigest: container.ImageID ?? null, startedAt },
}

const server = createServer(({ url = '/' }, response) => {
  const answer = answers[url]
  response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? { error: 'not found' }))
})
// Longer than the load balancer's idle timeout of 60 s, so that the balancer always closes first.
server.keepAliveTimeout = 65_000
server.listen(Number(PORT), () => console.log(JSON.stringify({ event: 'listening', port: PORT })))
process.on('SIGTERM', () => {
  server.close()
  server.closeIdleConnections()
})

import { createServer, type Server } from 'node:http'
import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Answer } from './answer.ts'

/** https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#metric-httpserverrequestduration */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
/** Any other is `_OTHER`: whoever sends requests must not make series. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

export type Metrics = {
  /** Notes which route answers: the path as it was registered, `/*` where none is. */
  middleware: MiddlewareHandler<{ Bindings: { outgoing: Answer } }>
  /** Measures every request of the app's server. */
  observe: (server: Server) => void
  /** Answers `GET /metrics` in Prometheus' text format. */
  server: Server
}

/** Measures requests by OpenTelemetry's names and labels, and Node itself: event loop, garbage collection, heap, CPU. */
export function createMetrics(): Metrics {
  const register = new Registry()
  collectDefaultMetrics({ register })
  const duration = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Duration of HTTP server requests.',
    labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
    buckets,
    registers: [register],
  })
  const active = new Gauge({
    name: 'http_server_active_requests',
    help: 'Number of active HTTP server requests.',
    labelNames: ['http_request_method'],
    registers: [register],
  })

  return {
    middleware: async (c, next) => {
      await next()
      c.env.outgoing.route = routePath(c, -1)
    },
    observe: (server) => {
      server.prependListener('request', ({ method = '' }, response) => {
        const startedAt = performance.now()
        const http_request_method = methods.has(method) ? method : '_OTHER'
        active.inc({ http_request_method })
        response.once('close', () => {
          active.dec({ http_request_method })
          const { route: http_route = '/*', statusCode: http_response_status_code } = response as typeof response & Answer
          duration.observe({ http_request_method, http_route, http_response_status_code }, (performance.now() - startedAt) / 1000)
        })
      })
    },
    server: createServer((request, response) => {
      if (request.url !== '/metrics') return void response.writeHead(404).end()
      void register.metrics().then((text) => response.writeHead(200, { 'content-type': register.contentType }).end(text))
    }),
  }
}

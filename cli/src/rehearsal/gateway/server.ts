import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { mkdir } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Hono } from 'hono'
import { openAutoscaling } from './autoscaling.ts'
import { openBalancers } from './balancer.ts'
import { exchange, pass } from './proxy.ts'

export type Gateway = { url: string; port: number; close(): Promise<void> }
export type GatewayOptions = {
  /** Tried first; another free one is taken when somebody else has it. */
  port?: number
  ministackUrl: string
  stateDir: string
  /** Served beside AWS, under /v1/. */
  routes?: Hono
  log: (line: string) => void
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html, the credential scope */
const credentialScope = /Credential=[^/]+\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/

/**
 * One loopback address that answers as AWS: it passes everything on to ministack and fills in what ministack lacks:
 * application-autoscaling, a registry address docker can push to, and load balancers with addresses of their own.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  await mkdir(options.stateDir, { recursive: true })
  const autoscaling = await openAutoscaling(options.stateDir)
  const balancers = await openBalancers(options.stateDir, options.ministackUrl)
  const extra = options.routes ? getRequestListener(options.routes.fetch) : undefined

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const service = credentialScope.exec(request.headers.authorization ?? '')?.[1]
    const { ministackUrl } = options
    if (extra && request.url?.startsWith('/v1/modules/')) return void extra(request, response)
    if (service === 'application-autoscaling') return autoscaling.answer(request, response)
    if (service === 'ecr') return rewrite(request, response, ministackUrl, (body) => localRegistry(body, port))
    if (service === 'elasticloadbalancing') return rewrite(request, response, ministackUrl, (body) => balancers.localAddresses(body))
    pass(request, response, ministackUrl)
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => {
      options.log(`gateway: ${request.method} ${request.url}: ${error.stack}`)
      if (!response.headersSent) response.writeHead(500).end()
    })
  })
  const port = await listen(server, options.port ?? 0)
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async close() {
      await balancers.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function rewrite(
  request: IncomingMessage,
  response: ServerResponse,
  url: string,
  change: (body: string) => string | Promise<string>,
): Promise<void> {
  const answer = await exchange(request, url, await buffer(request))
  const body = await change(answer.body)
  response.writeHead(answer.status, { ...answer.headers, 'content-length': Buffer.byteLength(body) }).end(body)
}

/** ECR's registry as an address that docker on this machine reaches; it trusts 127.0.0.0/8 without TLS. */
function localRegistry(body: string, port: number): string {
  return body
    .replaceAll(/https:\/\/\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/g, `http://127.0.0.1:${port}`)
    .replaceAll(/\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/g, `127.0.0.1:${port}`)
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' || port === 0) return reject(error)
      server.listen(0, '127.0.0.1')
    })
    server.once('listening', () => resolve((server.address() as AddressInfo).port))
    server.listen(port, '127.0.0.1')
  })
}

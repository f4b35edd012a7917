import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { createAutoscaling } from './autoscaling.ts'
import { AwsError } from './aws-error.ts'
import { createBalancer } from './balancer/balancer.ts'
import { ensureCertificate, loadCertificate } from './balancer/certificate.ts'
import type { Capacity } from './deployments/capacity.ts'
import { createClock } from './clock.ts'
import { controlPath, createControl } from './control.ts'
import { createDeploymentController } from './deployments/controller.ts'
import { createEcsApi } from './ecs/api.ts'
import type { Scope } from './records.ts'
import { openStore } from './state.ts'
import { createElbApi } from './balancer/elb-api.ts'
import { createEngineApi } from './tasks/engine-api.ts'
import { localRegistry } from './tasks/images.ts'
import { createEc2Api } from './flow-logs.ts'
import { createProcessEngine } from './tasks/processes/engine.ts'
import { createProxy, sendExchange, type Exchange, type Proxy } from './proxy.ts'
import { createTargetHealth } from './balancer/target-health.ts'
import { createTasks } from './tasks/tasks.ts'
import { createUpstream } from './upstream.ts'

export type GatewayOptions = {
  /** Default: a free one. */
  port?: number | undefined
  ministackUrl: string
  /** Where the state is kept; also the value of the label `fargate-ctl.rehearsal` on every container. */
  stateDir: string
  /** The environment that says where the container engine listens (DOCKER_HOST). Default: this process's. */
  engineEnv?: NodeJS.ProcessEnv | undefined
  /** Whether tasks are containers, or processes of this machine without isolation. Default: containers. */
  tasksAre?: 'containers' | 'processes' | undefined
  /** How many of AWS's seconds pass in one. Default: 1. */
  speed?: number | undefined
  /** Served besides the AWS APIs, under /v1/. */
  routes?: Hono | undefined
  log: (line: string) => void
}

export type Gateway = { url: string; port: number; close: () => Promise<void> }

/** One call of an AWS API. */
type JsonApi = (scope: Scope, action: string, input: unknown) => Promise<unknown>

/**
 * Serves the AWS APIs on one loopback port: Amazon ECS, Application Auto Scaling, target health and the traffic of load
 * balancers are the gateway's own; everything else goes to ministack as it came.
 * `close` stops all tasks and saves the state; a gateway that was killed finds its tasks again.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { ministackUrl, stateDir, log } = options
  const clock = createClock(options.speed)
  const store = openStore(join(stateDir, 'ecs.json'))
  const upstream = createUpstream(ministackUrl)
  const proxy = createProxy(ministackUrl)
  const server = createServer({ keepAliveTimeout: 75_000, requestTimeout: 0 })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const engine =
    options.tasksAre === 'processes'
      ? await createProcessEngine({ registry: localRegistry(port), folder: join(stateDir, 'processes') })
      : await createEngineApi(options.engineEnv ?? process.env)
  const health = createTargetHealth({ clock })
  await ensureCertificate(stateDir)
  const certificate = () => loadCertificate(stateDir)
  const balancer = await createBalancer({ store, upstream, health, certificate, log })
  const tasks = await createTasks({ store, engine, upstream, health, clock, registry: localRegistry(port), stateDir, log })
  const capacity: Capacity = { unavailable: new Set() }
  const deployments = createDeploymentController({ store, tasks, health, upstream, clock, capacity, log })
  const control = createControl({ engine, tasks, capacity, wake: deployments.wake })
  const json: Record<string, JsonApi> = {
    ecs: createEcsApi({ store, tasks, deployments, health, upstream }),
    'application-autoscaling': createAutoscaling({ store, deployments }),
  }
  const elb = createElbApi({ proxy, balancer, health })
  const ec2 = createEc2Api({ proxy, store })
  const routes = options.routes ? getRequestListener(options.routes.fetch) : undefined

  const answer = async (req: IncomingMessage, res: ServerResponse) => {
    const { service, scope } = readScope(req)
    const api = json[service]
    if (api) return answerJson(api, scope, req, res, log)
    if (service === 'elasticloadbalancing') return elb(scope, req, res)
    if (service === 'ec2') return ec2(req, res)
    if (service === 'ecr') return answerEcr(proxy, port, req, res)
    if (service === '' && req.url?.startsWith(controlPath)) return control(req, res)
    if (routes && service === '' && req.url?.startsWith('/v1/')) return void (await routes(req, res))
    proxy.stream(req, res)
  }
  const handle = (req: IncomingMessage, res: ServerResponse) => {
    answer(req, res).catch((error: Error) => {
      log(`${req.method} ${req.url}: ${error.stack}`)
      if (!res.headersSent) res.writeHead(502)
      res.end()
    })
  }
  server.on('request', handle)
  server.on('checkContinue', (req, res) => {
    res.writeContinue()
    handle(req, res)
  })

  await balancer.reload()
  await tasks.adopt()
  deployments.start()
  const close = async () => {
    await deployments.stop()
    await tasks.close()
    await balancer.close()
    health.close()
    await store.flush()
    server.close()
    server.closeAllConnections()
    proxy.close()
    engine.close()
  }
  return { url: `http://127.0.0.1:${port}`, port, close }
}

/**
 * Which service a request is for, and on whose behalf: the credential scope of its signature says so.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html
 */
function readScope({ headers }: IncomingMessage): { service: string; scope: Scope } {
  const [, key = '', region = 'us-east-1', service = ''] =
    /Credential=([^/]+)\/\d+\/([^/]+)\/([^/]+)\/aws4_request/.exec(headers.authorization ?? '') ?? []
  return { service, scope: { region, account: /^\d{12}$/.test(key) ? key : '000000000000' } }
}

/** AWS's JSON 1.1 protocol: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html */
async function answerJson(
  api: JsonApi,
  scope: Scope,
  req: IncomingMessage,
  res: ServerResponse,
  log: (line: string) => void,
): Promise<void> {
  const action = String(req.headers['x-amz-target']).split('.').at(-1) as string
  const send = (status: number, body: unknown) =>
    res.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body))
  try {
    const text = (await buffer(req)).toString()
    send(200, await api(scope, action, text === '' ? {} : JSON.parse(text)))
  } catch (error) {
    if (error instanceof AwsError) return void send(400, { __type: error.type, message: error.message })
    log(`${action}: ${(error as Error).stack}`)
    send(500, { __type: 'ServerException', message: (error as Error).message })
  }
}

/** The repository's address becomes the gateway's, which a container engine on this machine can push to and pull from. */
async function answerEcr(proxy: Proxy, port: number, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const answer: Exchange = await proxy.exchange(req, await buffer(req))
  const text = answer.body
    .toString()
    .replace(/https:\/\/\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/g, `http://127.0.0.1:${port}`)
    .replace(/\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/g, `127.0.0.1:${port}`)
  sendExchange(res, { ...answer, body: Buffer.from(text) })
}

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createAutoscaling } from './autoscaling/api.ts'
import { createScaler } from './autoscaling/scaler.ts'
import { AwsError } from './aws-error.ts'
import { createBalancer } from './elb/balancer.ts'
import { ensureCertificate, loadCertificate } from './elb/certificate.ts'
import type { Capacity } from './deployments/capacity.ts'
import { createClock } from './clock.ts'
import { createCloudMap } from './cloud-map/api.ts'
import { createAlarms } from './cloudwatch/alarms.ts'
import { createCloudwatch } from './cloudwatch/api.ts'
import { createLogFilters } from './cloudwatch/log-filters.ts'
import { createMetrics } from './cloudwatch/metrics.ts'
import { createMonitor } from './cloudwatch/monitor.ts'
import { isMinistacksOwn, isOwnHost } from './access/doors.ts'
import { identify, type Caller } from './access/identify.ts'
import type { Keys } from './access/keys.ts'
import { createKeyIssuer } from './access/learn-keys.ts'
import { refuse } from './access/refusals.ts'
import { Refusal } from './access/signature.ts'
import { createEcrApi } from './ecr/api.ts'
import { addressRegistry, askForLogin, createRegistryLogin, type Registry } from './ecr/login.ts'
import { createControl } from './faults/control.ts'
import { isHealthy } from './ministack.ts'
import { healthPath, ownService, statusPath } from './own-api.ts'
import { readStatus } from './status.ts'
import { createDeploymentController } from './deployments/controller.ts'
import { createEcsApi } from './ecs/api.ts'
import { applicationAutoscaling, cloudMap, cloudwatch, ecs, type Model } from './models/model.ts'
import { readCall } from './protocols.ts'
import type { Scope } from './records.ts'
import { openStore } from './state.ts'
import { createElbApi } from './elb/elb-api.ts'
import type { EngineAddress } from './engine/address.ts'
import { createEngineApi } from './engine/engine-api.ts'
import { createEc2Api } from './ec2/api.ts'
import { createProcessEngine } from './tasks/processes/engine.ts'
import { createProxy } from './proxy.ts'
import { createTargetHealth } from './elb/target-health.ts'
import { createTrafficMetrics } from './elb/traffic-metrics.ts'
import { createTasks } from './tasks/tasks.ts'
import { createUsage } from './tasks/usage.ts'
import { createSsm } from './ssm/public-parameters.ts'
import { createUpstream } from './upstream.ts'

export type GatewayOptions = {
  /** Default: a free one. */
  port?: number | undefined
  /** Where ministack listens. */
  ministack: string
  keys: Keys
  /** A name of this process that no other has. */
  instance?: string | undefined
  /** Where the state is kept; also the value of the label `embedded-aws` on every container. */
  stateDir: string
  /** Runs the tasks; with `none` they are processes of this machine, without isolation. */
  engine: EngineAddress | 'none'
  /** How many of AWS's seconds pass in one. Default: 1. */
  speed?: number | undefined
  log: (line: string) => void
}

export type Gateway = { url: string; port: number; close: () => Promise<void> }

/** One call of an AWS API. */
type Api = (scope: Scope, action: string, input: unknown) => Promise<unknown>

/** What tells the types that a protocol does not. */
const models: Record<string, Model> = { ecs, 'application-autoscaling': applicationAutoscaling, monitoring: cloudwatch, servicediscovery: cloudMap }
const noModel: Model = { source: '', operations: {}, shapes: {} }

/**
 * Serves the AWS APIs on one loopback port: Amazon ECS, Application Auto Scaling, CloudWatch's metrics, target health and the
 * traffic of load balancers are the gateway's own; everything else goes to ministack as it came.
 * `close` stops all tasks and saves the state; a gateway that was killed finds its tasks again.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { stateDir, log, keys, instance = '' } = options
  const login = createRegistryLogin(keys.registrySecret)
  const clock = createClock(options.speed)
  const store = openStore(join(stateDir, 'ecs.json'), log)
  const upstream = createUpstream(options.ministack)
  const proxy = createProxy(options.ministack)
  const server = createServer({ keepAliveTimeout: 75_000, requestTimeout: 0 })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const registry: Registry = { address: `127.0.0.1:${port}`, password: (scope) => login.issue(scope).password }

  const engine = options.engine === 'none' ? await createProcessEngine(join(stateDir, 'processes')) : await createEngineApi(options.engine)
  const health = createTargetHealth({ clock })
  await ensureCertificate(stateDir)
  const certificate = () => loadCertificate(stateDir)
  const metrics = createMetrics(clock)
  const traffic = createTrafficMetrics(metrics)
  const balancer = await createBalancer({ store, upstream, health, metrics: traffic, certificate, log })
  const filter = createLogFilters({ upstream, metrics })
  const tasks = await createTasks({ store, engine, upstream, filter, health, clock, registry, stateDir, log })
  const capacity: Capacity = { unavailable: new Set() }
  const deployments = createDeploymentController({ store, tasks, health, upstream, clock, capacity, log })
  const cloudwatch = createCloudwatch({ upstream, store, metrics, clock })
  const alarms = createAlarms({ store, metrics, clock, upstream })
  const scaler = createScaler({ store, clock, wake: deployments.wake })
  alarms.subscribe(scaler.take)
  const measureTasks = createUsage({ engine, metrics, clock })
  const monitor = createMonitor({ store, metrics, traffic, balancer, health, measureTasks, alarms, clock, log })
  const control = createControl({ engine, tasks, capacity, wake: deployments.wake })
  const autoscaling = createAutoscaling({ store, deployments, cloudwatch, scaler })
  const apis: Record<string, Api> = {
    ecs: createEcsApi({ store, tasks, deployments, health, upstream }),
    'application-autoscaling': autoscaling.answer,
    monitoring: cloudwatch.answer,
    servicediscovery: createCloudMap(upstream),
    ssm: createSsm(upstream),
  }
  const elb = createElbApi({ proxy, balancer, health })
  const ec2 = createEc2Api({ proxy, store })
  const ecr = createEcrApi({ proxy, login, registry })
  const issueKey = createKeyIssuer(proxy, keys)

  /** Answers a request whose signature was verified. */
  const answer = async ({ scope, service, body }: Caller, req: IncomingMessage, res: ServerResponse) => {
    if (body === undefined) return proxy.stream(req, res)
    const api = apis[service]
    if (api) return answerCall(api, models[service] ?? noModel, scope, req, body, res, log)
    if (service === 'elasticloadbalancing') return elb(scope, req, body, res)
    if (service === 'ec2') return ec2(req, body, res)
    if (service === 'ecr') return ecr(scope, req, body, res)
    if (service === 'sts' || service === 'iam') return issueKey(req, body, res, scope.account)
    if (service === ownService && req.url === statusPath) return void res.end(JSON.stringify(readStatus(store, health, engine.way.published)))
    if (service === ownService) return control(req, body, res)
    proxy.stream(req, res, body)
  }
  const enter = async (req: IncomingMessage, res: ServerResponse) => {
    const [pathname = '/', query = ''] = (req.url ?? '/').split('?')
    if (!isOwnHost(req.headers.host) || isMinistacksOwn(pathname)) return void res.writeHead(403, { Connection: 'close' }).end()
    if (pathname === healthPath) return answerHealth(options.ministack, instance, res)
    if (isRegistry(req, pathname)) {
      const scope = login.admits(req)
      return scope ? proxy.stream(addressRegistry(req, scope), res) : askForLogin(res)
    }
    try {
      await answer(await identify(req, new URLSearchParams(query), keys), req, res)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      refuse(req, res, error)
    }
  }
  const handle = (req: IncomingMessage, res: ServerResponse) => {
    enter(req, res).catch((error: Error) => {
      log(`${req.method} ${req.url?.split('?')[0]}: ${error.stack}`)
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
  monitor.start()
  const close = async () => {
    await monitor.stop()
    autoscaling.close()
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

/** Docker signs nothing: it logs in. API Gateway's paths begin alike, but are signed. */
const isRegistry = ({ headers }: IncomingMessage, pathname: string) =>
  /^\/v2(\/|$)/.test(pathname) && !headers.authorization?.startsWith('AWS4-HMAC-SHA256')

/** Says which embedded AWS this is, and whether all of it works; it is no secret. */
async function answerHealth(ministack: string, instance: string, res: ServerResponse): Promise<void> {
  const healthy = await isHealthy(ministack)
  res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ instance, healthy }))
}

/** Answers in the protocol that the request came in. */
async function answerCall(
  api: Api,
  model: Model,
  scope: Scope,
  req: IncomingMessage,
  body: Buffer,
  res: ServerResponse,
  log: (line: string) => void,
): Promise<void> {
  const call = readCall({ url: req.url ?? '', headers: req.headers, body }, model)
  const refuse = (error: Error) => {
    if (error instanceof AwsError) return call.refuse(error)
    log(`${call.action}: ${error.stack}`)
    return call.refuse(new AwsError('ServerException', error.message), 500)
  }
  const run = async () => call.answer(await api(scope, call.action, call.input()))
  const answer = await run().catch(refuse)
  res.writeHead(answer.status, answer.headers).end(answer.body)
}

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request, type RequestOptions } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import { STSClient, GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { median, root, type Comparison } from './measure.ts'

const rounds = 3000
const agent = new Agent({ keepAlive: true })
const targetCode = `
const { createServer } = require('node:http')
const server = createServer((req, res) => res.end('ok')).listen(0, '127.0.0.1', () => console.log(server.address().port))
`

type Environment = Record<string, string>
type Asked = { options: RequestOptions; body?: string }

/**
 * What the embedded AWS adds to a request, by its load balancer and by its API: the same is asked through it and directly,
 * of the target and of ministack, in turn.
 */
export async function benchGateway(): Promise<Comparison[]> {
  const state = mkdtempSync(join(tmpdir(), 'embedded-aws-bench-'))
  const target = spawn(process.execPath, ['-e', targetCode], { stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    const env = start(state)
    const [port] = (await once(target.stdout, 'data')) as [Buffer]
    return [await benchBalancer(env, Number(port)), await benchApi(env, state)]
  } finally {
    agent.destroy()
    target.kill('SIGKILL')
    embeddedAws(state, 'stop', '--remove')
    rmSync(state, { recursive: true, force: true })
  }
}

function start(state: string): Environment {
  const python = join(root, '.fargate-ctl', 'tools', 'python', 'bin', 'python3')
  const { environment } = JSON.parse(embeddedAws(state, 'start', '--engine', 'none', '--python', python)) as { environment: { set: Environment } }
  return environment.set
}

function embeddedAws(state: string, ...args: string[]): string {
  const bin = join(root, 'cli', 'embedded-aws', 'bin', 'embedded-aws.js')
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args, '--state', state, '--json'], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`embedded-aws ${args.join(' ')} ended with ${status}:\n${stderr}`)
  return stdout
}

async function benchBalancer(env: Environment, port: number): Promise<Comparison> {
  const address = await balance(env, port)
  const ask = (url: string): Asked => ({ options: { agent, host: '127.0.0.1', port: new URL(url).port, path: '/' } })
  return compare('a request through the load balancer, next to its target alone', ask(`http://${address}`), ask(`http://127.0.0.1:${port}`))
}

/** @returns the address of a load balancer whose target listens at the port */
async function balance(env: Environment, port: number): Promise<string> {
  const elb = new ElasticLoadBalancingV2Client(clientOptions(env))
  const { LoadBalancers: [balancer] = [] } = await elb.send(new CreateLoadBalancerCommand({ Name: 'bench', Subnets: ['subnet-00000001', 'subnet-00000002'] }))
  const { TargetGroups: [group] = [] } = await elb.send(
    new CreateTargetGroupCommand({ Name: 'bench', Protocol: 'HTTP', Port: port, VpcId: 'vpc-00000001', TargetType: 'ip', HealthCheckPath: '/' }),
  )
  const TargetGroupArn = group?.TargetGroupArn
  const forward = { Type: 'forward' as const, TargetGroupArn }
  await elb.send(new CreateListenerCommand({ LoadBalancerArn: balancer?.LoadBalancerArn, Protocol: 'HTTP', Port: 80, DefaultActions: [forward] }))
  await elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: '127.0.0.1', Port: port }] }))
  for (let attempt = 0; attempt < 100; attempt++) {
    const { TargetHealthDescriptions: [found] = [] } = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }))
    if (found?.TargetHealth?.State === 'healthy') return balancer?.DNSName ?? ''
    await sleep(100)
  }
  throw new Error('the target is not healthy')
}

/** One signed request, sent again and again: it counts for a quarter of an hour. */
async function benchApi(env: Environment, state: string): Promise<Comparison> {
  const sts = new STSClient(clientOptions(env))
  let signed: { headers: Record<string, string>; body: string } | undefined
  sts.middlewareStack.add(
    (next) => async (args) => {
      signed = args.request as typeof signed
      return next(args)
    },
    { step: 'finalizeRequest', priority: 'low', name: 'keep' },
  )
  await sts.send(new GetCallerIdentityCommand({}))
  const { headers = {}, body = '' } = signed ?? {}
  const { socket } = JSON.parse(readFileSync(join(state, 'ministack', 'running.json'), 'utf8')) as { socket: string }
  const { hostname, port } = new URL(env.AWS_ENDPOINT_URL ?? '')
  const options = { agent, method: 'POST', path: '/', headers }
  return compare('a signed call that is passed on, next to ministack alone', { options: { ...options, host: hostname, port }, body }, { options: { ...options, socketPath: socket }, body })
}

const clientOptions = ({ AWS_ENDPOINT_URL = '', AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' }: Environment) => ({
  region: 'us-east-1',
  endpoint: AWS_ENDPOINT_URL,
  credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
})

async function compare(what: string, ours: Asked, other: Asked): Promise<Comparison> {
  const times: { through: number[]; direct: number[] } = { through: [], direct: [] }
  for (let round = 0; round < rounds; round++) {
    times.through.push(await timeRequest(ours))
    times.direct.push(await timeRequest(other))
  }
  const [through, direct] = [median(times.through), median(times.direct)]
  const milliseconds = (number: number) => `${number.toFixed(2)} ms`
  return { what: `${what} (median; ${milliseconds(through - direct)} more)`, ours: milliseconds(through), other: milliseconds(direct), ratio: through / direct }
}

/** @returns milliseconds until the whole answer is there */
function timeRequest({ options, body }: Asked): Promise<number> {
  const started = performance.now()
  return new Promise((resolve, reject) => {
    const asked = request(options, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${options.path} answered ${answer.statusCode}`))
      answer.resume().on('end', () => resolve(performance.now() - started))
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

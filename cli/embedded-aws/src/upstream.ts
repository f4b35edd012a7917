import { Agent, request, type AgentOptions } from 'node:http'
import { text } from 'node:stream/consumers'
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2'
import { z } from 'zod'
import { AwsError } from './aws-error.ts'
import type { Scope } from './records.ts'

/** Services whose JSON protocol the gateway speaks itself: credential scope and prefix of X-Amz-Target. */
const services = {
  ssm: 'AmazonSSM',
  secretsmanager: 'secretsmanager',
  logs: 'Logs_20140328',
  servicediscovery: 'Route53AutoNaming_v20170314',
  monitoring: 'GraniteServiceVersion20100801',
} as const

type Request = [scope: Scope, service: keyof typeof services, action: string, input: unknown]

/** AWS's services name what went wrong in either of two spellings. */
const refusal = z.object({ __type: z.string().optional(), message: z.string().optional(), Message: z.string().optional() })

/** Calls the embedded AWS's other services, in the region and account of whoever the gateway acts for. */
export type Upstream = {
  /** A call whose answer nobody reads. @throws AwsError as the service answered it */
  call: (...request: Request) => Promise<void>
  /** @throws AwsError as the service answered it */
  read: <T extends z.ZodType>(schema: T, ...request: Request) => Promise<z.infer<T>>
  /** A call of a service that speaks the query protocol. @returns the XML of the answer. @throws AwsError as the service answered it */
  query: (scope: Scope, service: 'ec2' | 'iam', input: Record<string, string>) => Promise<string>
  elb: (scope: Scope) => ElasticLoadBalancingV2Client
}

/** @param socketPath where ministack listens */
export function createUpstream(socketPath: string): Upstream {
  // Node passes an agent's options on to its connections, a socket's path too, which its types do not tell.
  const agent = new Agent({ keepAlive: true, socketPath } as AgentOptions)
  const clients = new Map<string, ElasticLoadBalancingV2Client>()
  const send = async (...[scope, service, action, input]: Request): Promise<unknown> => {
    const headers = {
      'Content-Type': service === 'monitoring' ? 'application/x-amz-json-1.0' : 'application/x-amz-json-1.1',
      'X-Amz-Target': `${services[service]}.${action}`,
      Authorization: authorization(scope, service),
    }
    const { status, body } = await post(agent, headers, JSON.stringify(input))
    const answer: unknown = body === '' ? {} : JSON.parse(body)
    if (status < 400) return answer
    const { __type: type = String(status), message, Message } = refusal.parse(answer)
    throw new AwsError(type.replace(/^.*#/, ''), message ?? Message ?? '')
  }
  const elb = ({ region, account }: Scope) => {
    const key = `${region}/${account}`
    const credentials = { accessKeyId: account, secretAccessKey: 'unused' }
    const client = clients.get(key) ?? new ElasticLoadBalancingV2Client({ region, endpoint: 'http://localhost', credentials, requestHandler: { httpAgent: agent } })
    clients.set(key, client)
    return client
  }
  const query: Upstream['query'] = async (scope, service, input) => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: authorization(scope, service) }
    const { status, body } = await post(agent, headers, new URLSearchParams({ Version: service === 'ec2' ? '2016-11-15' : '2010-05-08', ...input }).toString())
    if (status < 400) return body
    const [, type = String(status)] = /<Code>([^<]*)<\/Code>/.exec(body) ?? []
    const [, message = ''] = /<Message>([^<]*)<\/Message>/.exec(body) ?? []
    throw new AwsError(type, message.replaceAll('&#39;', "'").replaceAll('&apos;', "'").replaceAll('&amp;', '&'))
  }
  const call: Upstream['call'] = async (...request) => void (await send(...request))
  const read: Upstream['read'] = async (schema, ...request) => schema.parse(await send(...request))
  return { call, read, query, elb }
}

function post(agent: Agent, headers: Record<string, string>, body: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ agent, method: 'POST', path: '/', headers: { Host: 'localhost', ...headers } }, (answer) => {
      text(answer).then((said) => resolve({ status: answer.statusCode ?? 502, body: said }), reject)
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

function authorization({ region, account }: Scope, service: string): string {
  const scope = `${account}/${new Date().toISOString().slice(0, 10).replaceAll('-', '')}/${region}/${service}/aws4_request`
  return `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`
}

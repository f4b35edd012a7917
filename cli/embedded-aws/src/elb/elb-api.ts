import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AwsError } from '../aws-error.ts'
import type { Balancer } from './balancer.ts'
import { findRefusal } from './refusals.ts'
import type { Scope } from '../records.ts'
import { escape } from '../xml.ts'
import { decodeAnswer, encodeRules } from './elb-encoding.ts'
import { sendExchange, type Proxy } from '../proxy.ts'
import type { TargetDescription, TargetHealth } from './target-health.ts'

const namespace = 'http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/'
const reading = /^Describe|^Get/

/** The operations that are answered here. */
export const answered = ['RegisterTargets', 'DeregisterTargets', 'DescribeTargetHealth'] as const
/** The operations that ministack answers, and that are checked before or whose answers are changed; the others are passed on. */
export const completed = [
  'CreateListener', 'CreateLoadBalancer', 'CreateRule', 'CreateTargetGroup', 'DeleteListener', 'DeleteLoadBalancer', 'DeleteRule',
  'DeleteTargetGroup', 'DescribeListeners', 'DescribeLoadBalancerAttributes', 'DescribeLoadBalancers', 'DescribeRules',
  'DescribeTargetGroupAttributes', 'DescribeTargetGroups', 'ModifyListener', 'ModifyLoadBalancerAttributes', 'ModifyRule',
  'ModifyTargetGroup', 'ModifyTargetGroupAttributes', 'SetRulePriorities',
] as const
const isAnswered = (action: string): action is (typeof answered)[number] => (answered as readonly string[]).includes(action)

type Answer = { status: number; body: string }

/**
 * Elastic Load Balancing v2: ministack keeps the configuration, the gateway the targets' health and the traffic. After
 * every change the balancer reads the configuration anew, before the caller gets the answer.
 */
export function createElbApi({ proxy, balancer, health }: { proxy: Proxy; balancer: Balancer; health: TargetHealth }) {
  const own: Record<(typeof answered)[number], (input: URLSearchParams) => string> = {
    RegisterTargets: (input) => {
      const group = requireGroup(input)
      for (const { id, port } of readTargets(input)) {
        health.register(group, { id, port: port ?? health.defaultPort(group) })
      }
      return ''
    },
    DeregisterTargets: (input) => {
      const group = requireGroup(input)
      for (const { id, port } of readTargets(input)) health.deregister(group, { id, port: port ?? health.defaultPort(group) })
      return ''
    },
    DescribeTargetHealth: (input) => {
      const group = requireGroup(input)
      const asked = readTargets(input)
      const more = [...input].some(([name, value]) => name.startsWith('Include.') && /^(AnomalyDetection|All)$/.test(value)) ? noAnomaly : ''
      return `<TargetHealthDescriptions>${describe(group, asked).map((target) => renderTarget(target, more)).join('')}</TargetHealthDescriptions>`
    },
  }

  const requireGroup = (input: URLSearchParams) => {
    const arn = input.get('TargetGroupArn') ?? ''
    if (health.has(arn)) return arn
    throw new AwsError('TargetGroupNotFound', `One or more target groups not found`)
  }

  const describe = (group: string, asked: Target[]) => {
    if (asked.length === 0) return health.describe(group)
    return asked.map(({ id, port = health.defaultPort(group) }) => {
      const found = health.describe(group).find((target) => target.id === id && target.port === port)
      return found ?? notRegistered(id, port)
    })
  }

  return async (scope: Scope, req: IncomingMessage, body: Buffer, res: ServerResponse): Promise<void> => {
    const input = new URLSearchParams(body.toString())
    const action = input.get('Action') ?? ''
    if (isAnswered(action)) return send(res, run(action, () => own[action](input)))
    const refused = findRefusal(action, input, balancer.configOf(scope))
    if (refused) return send(res, run(action, () => { throw refused }))
    const answer = await proxy.exchange(req, encodeRules(body))
    // Something that was being read may have been deleted meanwhile; the second reading no longer finds it.
    if (answer.status === 200 && !reading.test(action)) await balancer.reload(scope).catch(() => balancer.reload(scope))
    const text = decodeAnswer(answer.body.toString())
      .replace(/<DNSName>([^<]+)<\/DNSName>/g, (_, name: string) => `<DNSName>${balancer.address(name)}</DNSName>`)
    sendExchange(res, { ...answer, body: Buffer.from(text) })
  }
}

/** AWS's Query protocol: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html */
function run(action: string, answer: () => string): Answer {
  const id = `<RequestId>${randomUUID()}</RequestId>`
  try {
    const result = `<${action}Result>${answer()}</${action}Result><ResponseMetadata>${id}</ResponseMetadata>`
    return { status: 200, body: `<${action}Response xmlns="${namespace}">${result}</${action}Response>` }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    const detail = `<Error><Type>Sender</Type><Code>${error.type}</Code><Message>${escape(error.message)}</Message></Error>`
    return { status: 400, body: `<ErrorResponse xmlns="${namespace}">${detail}${id}</ErrorResponse>` }
  }
}

function send(res: ServerResponse, { status, body }: Answer): void {
  res.writeHead(status, { 'Content-Type': 'text/xml' }).end(`<?xml version="1.0" encoding="UTF-8"?>${body}`)
}

type Target = { id: string; port?: number }

function readTargets(input: URLSearchParams): Target[] {
  const targets: Target[] = []
  for (let index = 1; input.has(`Targets.member.${index}.Id`); index++) {
    const port = input.get(`Targets.member.${index}.Port`)
    targets.push({ id: input.get(`Targets.member.${index}.Id`) as string, ...(port ? { port: Number(port) } : {}) })
  }
  return targets
}

function notRegistered(id: string, port: number): TargetDescription {
  return { id, port, state: 'unused', reason: 'Target.NotRegistered', description: 'Target is not registered to the target group' }
}

/** Nobody shifts traffic away from a zone: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AdministrativeOverride.html */
const noOverride =
  '<AdministrativeOverride><State>no_override</State><Reason>AdministrativeOverride.NoOverride</Reason>' +
  '<Description>No override is currently active on target</Description></AdministrativeOverride>'
/** https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AnomalyDetection.html */
const noAnomaly = '<AnomalyDetection><Result>normal</Result><MitigationInEffect>no</MitigationInEffect></AnomalyDetection>'

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealthDescription.html */
function renderTarget({ id, port, state, reason, description }: TargetDescription, more: string): string {
  const why = reason ? `<Reason>${reason}</Reason><Description>${escape(description ?? '')}</Description>` : ''
  return (
    `<member><Target><Id>${escape(id)}</Id><Port>${port}</Port></Target><HealthCheckPort>${port}</HealthCheckPort>` +
    `<TargetHealth><State>${state}</State>${why}</TargetHealth>${noOverride}${more}</member>`
  )
}

import type { IncomingMessage } from 'node:http'
import type { Action, RedirectActionConfig, RuleCondition } from '@aws-sdk/client-elastic-load-balancing-v2'
import { like } from '../wildcards.ts'
import { targetGroupsOf, type Listener } from './config.ts'

export type Decision =
  | { kind: 'forward'; targetGroupArn: string }
  | { kind: 'redirect'; status: number; location: string }
  | { kind: 'fixed'; status: number; contentType: string; body: string }

/**
 * What a listener does with a request: the first rule whose conditions all hold decides.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html
 * @param ports the loopback ports that stand for the load balancer's own, which a redirect may name
 */
export function decide(listener: Listener, ports: Map<number, number>, req: IncomingMessage): Decision | undefined {
  let parsed: URL | undefined
  const url = () => (parsed ??= new URL(req.url ?? '/', 'http://unused'))
  const rule = listener.rules.find(({ conditions }) => conditions.every((condition) => holds(condition, req, url())))
  const action = rule?.actions.find(({ Type }) => Type === 'forward' || Type === 'redirect' || Type === 'fixed-response')
  if (action?.Type === 'forward') return { kind: 'forward', targetGroupArn: pickGroup(action) }
  return action && perform(action, req, url(), listener, ports)
}

function holds(condition: RuleCondition, req: IncomingMessage, url: URL): boolean {
  const { Field, Values = [] } = condition
  const any = (values: string[] | undefined, actual: string, fold = false) =>
    (values?.length ? values : Values).some((pattern) => like(pattern, actual, fold))
  if (Field === 'path-pattern') return any(condition.PathPatternConfig?.Values, url.pathname)
  if (Field === 'host-header') return any(condition.HostHeaderConfig?.Values, (req.headers.host ?? '').replace(/:\d+$/, ''), true)
  if (Field === 'http-request-method') return (condition.HttpRequestMethodConfig?.Values ?? Values).includes(req.method ?? '')
  if (Field === 'source-ip') return (condition.SourceIpConfig?.Values ?? Values).some((range) => inRange(range, req))
  if (Field === 'http-header') {
    const name = condition.HttpHeaderConfig?.HttpHeaderName?.toLowerCase() ?? ''
    const actual = req.headers[name]
    return actual !== undefined && any(condition.HttpHeaderConfig?.Values, String(actual), true)
  }
  if (Field === 'query-string') {
    const pairs = [...url.searchParams]
    return (condition.QueryStringConfig?.Values ?? []).some(({ Key, Value = '' }) =>
      pairs.some(([key, value]) => (!Key || like(Key, key, true)) && like(Value, value, true)),
    )
  }
  return false
}

/** Every client of the rehearsal comes from this machine, so only ranges that hold 127.0.0.1 match. */
function inRange(range: string, req: IncomingMessage): boolean {
  const [base = '', bits = '32'] = range.split('/')
  const number = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - Number(bits))
  const client = number((req.socket.remoteAddress ?? '127.0.0.1').replace('::ffff:', ''))
  return Math.floor(number(base) / size) === Math.floor(client / size)
}

function perform(action: Action, req: IncomingMessage, url: URL, listener: Listener, ports: Map<number, number>): Decision {
  if (action.Type === 'redirect') {
    const { StatusCode = 'HTTP_302' } = action.RedirectConfig ?? {}
    return { kind: 'redirect', status: Number(StatusCode.slice(5)), location: redirectTo(action, req, url, listener, ports) }
  }
  const { StatusCode = '200', ContentType = 'text/plain', MessageBody = '' } = action.FixedResponseConfig ?? {}
  return { kind: 'fixed', status: Number(StatusCode), contentType: ContentType, body: MessageBody }
}

/** @returns no target group when every one of them has the weight 0 */
function pickGroup(action: Action): string {
  const weighted = action.ForwardConfig?.TargetGroups ?? []
  const total = weighted.reduce((sum, { Weight = 1 }) => sum + Weight, 0)
  if (weighted.length > 0 && total === 0) return ''
  let at = Math.random() * total
  for (const { TargetGroupArn = '', Weight = 1 } of weighted) {
    at -= Weight
    if (at < 0) return TargetGroupArn
  }
  return targetGroupsOf(action)[0] ?? ''
}

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html#redirect-actions */
function redirectTo(action: Action, req: IncomingMessage, url: URL, listener: Listener, ports: Map<number, number>): string {
  const config: Partial<RedirectActionConfig> = action.RedirectConfig ?? {}
  const host = (req.headers.host ?? '').replace(/:\d+$/, '')
  const parts: Record<string, string> = {
    protocol: listener.protocol,
    host,
    port: String(listener.port),
    path: url.pathname.slice(1),
    query: url.search.slice(1),
  }
  const fill = (template: string) => template.replace(/#\{(\w+)\}/g, (_, name: string) => parts[name] ?? '')
  const protocol = fill(config.Protocol ?? '#{protocol}').toLowerCase()
  const query = fill(config.Query ?? '#{query}')
  const path = fill(config.Path ?? '/#{path}')
  const target = fill(config.Host ?? '#{host}')
  const port = fill(config.Port ?? '#{port}')
  const here = target === host ? ports.get(Number(port)) : undefined
  return `${protocol}://${target}:${here ?? port}${path}${query && `?${query}`}`
}

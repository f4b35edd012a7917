// The load balancer's traffic, to servers of the test's own.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import {
  CreateListenerCommand,
  CreateRuleCommand,
  DeleteListenerCommand,
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
  ModifyListenerCommand,
  ModifyLoadBalancerAttributesCommand,
  SetRulePrioritiesCommand,
  type Action,
  type RuleCondition,
} from '@aws-sdk/client-elastic-load-balancing-v2'
import t from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { certificateFile, ensureCertificate } from '../../src/elb/certificate.ts'
import { startEcs } from '../support/ecs.ts'
import { askName, askNames, serveTarget, targetCalls } from '../support/targets.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('ministack')

const ecs = await startEcs(t)
const { elb } = ecs
const { register, waitForHealth } = targetCalls(ecs)

// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-rules.html
t.test('rules, fixed responses and redirects', async (t) => {
  const { listenerArn, targetGroupArn, url } = await ecs.createBalancer('rules')
  const other = await ecs.createBalancer('other')
  const one = await serveTarget(t, 'one', (req, res) => req.url?.startsWith('/api') && res.end('"one"'))
  const two = await serveTarget(t, 'two', (req, res) => req.url?.startsWith('/api') && res.end('"two"'))
  await register(targetGroupArn, one)
  await register(other.targetGroupArn, two)
  await waitForHealth(targetGroupArn, one, 'healthy')
  await waitForHealth(other.targetGroupArn, two, 'healthy')
  let priority = 10
  const rule = (Conditions: RuleCondition[], action: Action) =>
    elb.send(new CreateRuleCommand({ ListenerArn: listenerArn, Priority: priority++, Conditions, Actions: [action] }))
  const fixed = (StatusCode: string, MessageBody = '') => ({
    Type: 'fixed-response' as const,
    FixedResponseConfig: { StatusCode, ContentType: 'text/plain', MessageBody },
  })
  const path = (...Values: string[]) => ({ Field: 'path-pattern', PathPatternConfig: { Values } })
  await rule([path('/teapot')], fixed('418', 'short and stout'))
  await rule([path('/old/*')], {
    Type: 'redirect',
    RedirectConfig: {
      StatusCode: 'HTTP_301',
      Protocol: 'HTTPS',
      Port: '443',
      Path: '/new/#{path}',
      Query: 'from=#{host}&#{query}',
    },
  })
  await rule([path('/api/*', '/v?/*')], { Type: 'forward', TargetGroupArn: other.targetGroupArn })
  await rule([{ Field: 'http-header', HttpHeaderConfig: { HttpHeaderName: 'X-Beta', Values: ['y*'] } }], fixed('200', 'beta'))
  await rule([{ Field: 'http-request-method', HttpRequestMethodConfig: { Values: ['DELETE'] } }], fixed('405'))
  await rule([{ Field: 'host-header', HostHeaderConfig: { Values: ['*.Example.com'] } }], fixed('200', 'host'))
  await rule([{ Field: 'source-ip', SourceIpConfig: { Values: ['10.0.0.0/8'] } }], fixed('403'))
  await rule(
    [path('/both'), { Field: 'http-request-method', HttpRequestMethodConfig: { Values: ['POST'] } }],
    fixed('200', 'both'),
  )

  const teapot = await fetch(`${url}/teapot`)
  t.match([teapot.status, teapot.headers.get('content-type'), await teapot.text()], [418, 'text/plain', 'short and stout'])
  const moved = await fetch(`${url}/old/a?b=c`, { redirect: 'manual' })
  t.match([moved.status, moved.headers.get('location')], [301, 'https://127.0.0.1:443/new/old/a?from=127.0.0.1&b=c'])
  t.equal(await (await fetch(`${url}/api/x`)).json(), 'two')
  t.equal(
    await fetch(`${url}/V1/x`, { headers: { 'X-Beta': 'yes' } }).then((res) => res.text()),
    'beta',
    'paths are matched as they are written',
  )
  t.equal((await fetch(url, { method: 'DELETE' })).status, 405)
  t.equal(await askName(url), 'one', 'the default rule')
  t.equal(await (await fetch(`${url}/both`, { method: 'POST' })).text(), 'both')
  t.match(await exchange(url, 'GET / HTTP/1.1\r\nHost: www.example.com\r\nConnection: close\r\n\r\n'), /\r\n\r\nhost$/)
})

// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html
t.test('headers, bodies, errors of the target', async (t) => {
  const { targetGroupArn, url } = await ecs.createBalancer('headers')
  const target = await serveTarget(t, 'target', (req, res) => {
    if (req.url === '/echo') req.pipe(res)
    if (req.url === '/broken') req.socket.destroy()
  })
  await register(targetGroupArn, target)
  await waitForHealth(targetGroupArn, target, 'healthy')
  const answer = (await (
    await fetch(url, { headers: { 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'gopher' } })
  ).json()) as { headers: object }
  t.match(answer.headers, {
    host: url.slice(7),
    'x-forwarded-for': '203.0.113.7, 127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-port': new URL(url).port,
    'x-amzn-trace-id': /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/,
  })
  const body = 'x'.repeat(3_000_000)
  t.equal((await (await fetch(`${url}/echo`, { method: 'POST', body })).text()).length, body.length)
  const broken = await fetch(`${url}/broken`)
  t.match([broken.status, broken.headers.get('server'), await broken.text()], [502, 'awselb/2.0', /<h1>502 Bad Gateway<\/h1>/])
})

t.test('streaming', async (t) => {
  const { targetGroupArn, url } = await ecs.createBalancer('streaming')
  let next = () => undefined as void
  const target = await serveTarget(t, 'target', (req, res) => {
    if (req.url !== '/stream') return
    res.write('first')
    next = () => void res.end('second')
  })
  await register(targetGroupArn, target)
  await waitForHealth(targetGroupArn, target, 'healthy')
  const { body } = await fetch(`${url}/stream`)
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
  t.equal((await reader?.read())?.value, 'first', 'arrives before the answer has ended')
  next()
  t.equal((await reader?.read())?.value, 'second')
})

// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html#listener-configuration
t.test('WebSocket', async (t) => {
  const { targetGroupArn, url, listenerArn } = await ecs.createBalancer('websocket')
  const target = await serveTarget(t, 'target')
  const sockets = new WebSocketServer({ noServer: true })
  target.server.on('upgrade', (req, socket, head) => {
    if (req.url === '/refused')
      return void socket.end('HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nnope\r\n0\r\n\r\n')
    sockets.handleUpgrade(req, socket, head, (each) => {
      each.send(JSON.stringify(req.headers))
      each.on('message', (data, binary) => each.send(data, { binary }))
    })
  })
  await register(targetGroupArn, target)
  await waitForHealth(targetGroupArn, target, 'healthy')
  const socket = new WebSocket(url.replace('http', 'ws'), { headers: { 'X-Forwarded-For': '203.0.113.7' } })
  const [hello] = (await once(socket, 'message')) as [Buffer]
  t.match(JSON.parse(String(hello)), { 'x-forwarded-for': '203.0.113.7, 127.0.0.1', 'x-forwarded-proto': 'http' })
  const long = 'x'.repeat(100_000)
  socket.send(long)
  const [echo] = (await once(socket, 'message')) as [Buffer]
  t.equal(String(echo), long)
  socket.close()
  await once(socket, 'close')
  const nonce = Buffer.from('the sample nonce').toString('base64')
  const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${nonce}`
  const ask = (path: string) => exchange(url, `GET ${path} HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n\r\n`)
  const refused = await ask('/refused')
  t.match(refused, /^HTTP\/1\.1 401 Unauthorized\r\n[^]*\r\n\r\nnope$/, 'a refusal arrives whole')
  t.notMatch(refused, /chunked/i)
  const action: Action = {
    Type: 'fixed-response',
    FixedResponseConfig: { StatusCode: '410', ContentType: 'text/plain', MessageBody: 'gone' },
  }
  await elb.send(
    new CreateRuleCommand({
      ListenerArn: listenerArn,
      Priority: 1,
      Conditions: [{ Field: 'path-pattern', Values: ['/gone'] }],
      Actions: [action],
    }),
  )
  t.match(await ask('/gone'), /^HTTP\/1\.1 410 [^]*\r\n\r\ngone$/, 'rules hold for an upgrade too')
})

t.test('every listener has a port of its own', async (t) => {
  const { loadBalancerArn, url } = await ecs.createBalancer('listeners')
  const DefaultActions: Action[] = [
    { Type: 'fixed-response', FixedResponseConfig: { StatusCode: '200', ContentType: 'text/plain', MessageBody: 'second' } },
  ]
  const { Listeners } = await elb.send(
    new CreateListenerCommand({ LoadBalancerArn: loadBalancerArn, Protocol: 'HTTP', Port: 8081, DefaultActions }),
  )
  const port = await ecs.portOf(Listeners?.[0]?.ListenerArn as string)
  t.equal(await (await fetch(`http://127.0.0.1:${port}`)).text(), 'second')
  t.equal((await fetch(url)).status, 503, 'the first still forwards')
})

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html#API_CreateListener_Errors
t.test('what is refused of listeners and rules', async (t) => {
  const { loadBalancerArn, listenerArn, targetGroupArn } = await ecs.createBalancer('refused')
  const forward = (group: string): Action[] => [{ Type: 'forward', TargetGroupArn: group }]
  const create = (change: object) =>
    elb.send(new CreateListenerCommand({ LoadBalancerArn: loadBalancerArn, Protocol: 'HTTP', Port: 8082, DefaultActions: forward(targetGroupArn), ...change }))
  const duplicate = { name: 'DuplicateListenerException', message: `A listener already exists on this port for this load balancer '${loadBalancerArn}'` }
  await t.rejects(create({ Port: 80 }), duplicate)
  const { Listeners } = await create({})
  await t.rejects(elb.send(new ModifyListenerCommand({ ListenerArn: Listeners?.[0]?.ListenerArn, Port: 80 })), duplicate)
  await elb.send(new ModifyListenerCommand({ ListenerArn: listenerArn, Port: 80, DefaultActions: forward(targetGroupArn) }))
  const missing = { name: 'TargetGroupNotFoundException', message: "Target groups 'arn:missing' not found" }
  await t.rejects(create({ Port: 8083, DefaultActions: forward('arn:missing') }), missing)
  const Conditions = [{ Field: 'path-pattern', Values: ['/a'] }]
  await t.rejects(elb.send(new CreateRuleCommand({ ListenerArn: listenerArn, Priority: 1, Conditions, Actions: forward('arn:missing') })), missing)
  await t.rejects(create({ Port: 8083, Protocol: 'HTTPS' }), { message: 'A certificate must be specified for HTTPS listeners' })
})

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetRulePriorities.html#API_SetRulePriorities_Errors
t.test('what is in use: priorities, target groups, a protected load balancer', async (t) => {
  const { loadBalancerArn, listenerArn, targetGroupArn } = await ecs.createBalancer('used')
  const Actions: Action[] = [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '200' } }]
  const create = async (Priority: number) => {
    const Conditions = [{ Field: 'path-pattern', Values: [`/${Priority}`] }]
    return (await elb.send(new CreateRuleCommand({ ListenerArn: listenerArn, Priority, Conditions, Actions }))).Rules?.[0]?.RuleArn
  }
  const [first, second] = [await create(1), await create(2)]
  const inUse = (priority: number) => ({ name: 'PriorityInUseException', message: `Priority '${priority}' is currently in use` })
  await t.rejects(create(2), inUse(2))
  const move = (...RulePriorities: { RuleArn: string | undefined; Priority: number }[]) => elb.send(new SetRulePrioritiesCommand({ RulePriorities }))
  await t.rejects(move({ RuleArn: first, Priority: 2 }), inUse(2))
  await move({ RuleArn: first, Priority: 2 }, { RuleArn: second, Priority: 1 })
  await move({ RuleArn: first, Priority: 3 })
  await create(2)

  const remove = () => elb.send(new DeleteTargetGroupCommand({ TargetGroupArn: targetGroupArn }))
  await t.rejects(remove(), { name: 'ResourceInUseException', message: `Target group '${targetGroupArn}' is currently in use by a listener or a rule` })
  const protect = (Value: string) =>
    elb.send(new ModifyLoadBalancerAttributesCommand({ LoadBalancerArn: loadBalancerArn, Attributes: [{ Key: 'deletion_protection.enabled', Value }] }))
  const end = () => elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: loadBalancerArn }))
  await protect('true')
  await t.rejects(end(), { name: 'OperationNotPermittedException', message: `Load balancer '${loadBalancerArn}' cannot be deleted because deletion protection is enabled` })
  await protect('false')
  await elb.send(new DeleteListenerCommand({ ListenerArn: listenerArn }))
  await remove()
  await end()
})

// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/create-https-listener.html
t.test('HTTP leads to HTTPS, at the port of the load balancer', async (t) => {
  const { loadBalancerArn, listenerArn, targetGroupArn, url } = await ecs.createBalancer('secure')
  const target = await serveTarget(t, 'target')
  await register(targetGroupArn, target)
  await waitForHealth(targetGroupArn, target, 'healthy')
  await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn: loadBalancerArn,
      Protocol: 'HTTPS',
      Port: 443,
      Certificates: [{ CertificateArn: 'arn:aws:acm:us-east-1:000000000000:certificate/any' }],
      DefaultActions: [{ Type: 'forward', TargetGroupArn: targetGroupArn }],
    }),
  )
  const RedirectConfig = { Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301' as const }
  await elb.send(new ModifyListenerCommand({ ListenerArn: listenerArn, DefaultActions: [{ Type: 'redirect', RedirectConfig }] }))
  const moved = await fetch(`${url}/?a=b`, { redirect: 'manual' })
  const secure = `${url.replace('http:', 'https:')}/?a=b`
  t.match([moved.status, moved.headers.get('location')], [301, secure])
  await t.rejects(fetch(secure), { cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } }, 'nobody trusts its certificate unasked')
  await ensureCertificate(ecs.stateDir, 'app.example.com')
  const ca = await readFile(certificateFile(ecs.stateDir), 'utf8')
  const ask = (servername: string) =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const answered = (answer: IncomingMessage) => text(answer).then((body) => resolve({ status: answer.statusCode, body }), reject)
      get(secure, { ca, servername, agent: false }, answered).on('error', reject)
    })
  await t.rejects(ask('other.example.com'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'it is for the domain name alone')
  const { status, body } = await ask('app.example.com')
  t.equal(status, 200)
  t.match(JSON.parse(body), { headers: { 'x-forwarded-proto': 'https', 'x-forwarded-port': new URL(url).port } })
})

// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html#forward-actions
t.test('weights and query strings', async (t) => {
  const { listenerArn, targetGroupArn, url } = await ecs.createBalancer('weights')
  const other = await ecs.createBalancer('weights-2')
  const one = await serveTarget(t, 'one')
  const two = await serveTarget(t, 'two')
  await register(targetGroupArn, one)
  await register(other.targetGroupArn, two)
  await waitForHealth(targetGroupArn, one, 'healthy')
  await waitForHealth(other.targetGroupArn, two, 'healthy')
  const weighted = (weights: [number, number]): Action => {
    const TargetGroups = [targetGroupArn, other.targetGroupArn].map((TargetGroupArn, index) => ({
      TargetGroupArn,
      Weight: weights[index],
    }))
    return { Type: 'forward', ForwardConfig: { TargetGroups } }
  }
  const forward = (weights: [number, number]) =>
    elb.send(new ModifyListenerCommand({ ListenerArn: listenerArn, DefaultActions: [weighted(weights)] }))
  await forward([0, 1])
  t.same(await askNames(url, 20), new Set(['two']), 'a weight of 0 gets nothing')
  const { Listeners } = await forward([1, 3])
  t.match(Listeners?.[0]?.DefaultActions, [weighted([1, 3])], 'the answer has the weights')
  const counted = await Promise.all(Array.from({ length: 400 }, () => askName(url)))
  const share = counted.filter((name) => name === 'two').length
  t.ok(share > 250 && share < 350, `three of four go to the second (${share} of 400)`)
  await forward([0, 0])
  t.equal((await fetch(url)).status, 503, 'nobody has a weight')
  const Conditions = [{ Field: 'query-string', QueryStringConfig: { Values: [{ Key: 'v', Value: '2*' }, { Value: 'a&<b' }] } }]
  const { Rules } = await elb.send(
    new CreateRuleCommand({
      ListenerArn: listenerArn,
      Priority: 1,
      Conditions,
      Actions: [{ Type: 'forward', TargetGroupArn: targetGroupArn }],
    }),
  )
  t.match(Rules?.[0], { Conditions }, 'the answer has the pairs')
  t.equal(await askName(`${url}/?a=b&V=20`), 'one')
  t.equal(await askName(`${url}/?any=${encodeURIComponent('a&<b')}`), 'one')
  t.equal((await fetch(`${url}/?v=1`)).status, 503)
})

/** What comes back for bytes sent as they are, until the other side closes. */
async function exchange(url: string, text: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let received = ''
  socket.on('data', (chunk: Buffer) => (received += String(chunk)))
  socket.write(text)
  await once(socket, 'close', { signal: AbortSignal.timeout(5000) })
  return received
}

// Health checks and draining of targets, on servers of the test's own.
import type { RequestListener } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { DescribeTargetHealthCommand } from '@aws-sdk/client-elastic-load-balancing-v2'
import t from 'tap'
import { startEcs } from '../support/ecs.ts'
import { askNames, serveTarget, targetCalls } from '../support/targets.ts'
import { waitFor } from '../support/wait-for.ts'

const ecs = await startEcs(t)
const { elb } = ecs
const { register, deregister, waitForHealth } = targetCalls(ecs)

// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
t.test('target health: states and reason codes', async (t) => {
  const { targetGroupArn, url } = await ecs.createBalancer('health', { UnhealthyThresholdCount: 3 })
  t.equal((await fetch(url)).status, 503, 'no target: 503')
  const good = await serveTarget(t, 'good')
  const bad = await serveTarget(t, 'bad')
  bad.health = 500
  await register(targetGroupArn, good, bad)
  const [first] = await ecs.healthOf(targetGroupArn)
  t.match(first?.TargetHealth, { State: 'initial', Reason: /^Elb\.(RegistrationInProgress|InitialHealthChecking)$/ })
  t.notOk((await waitForHealth(targetGroupArn, good, 'healthy')).Reason)
  t.match(await waitForHealth(targetGroupArn, bad, 'unhealthy'), {
    Reason: 'Target.ResponseCodeMismatch',
    Description: 'Health checks failed with these codes: [500]',
  })
  t.same(await askNames(url, 10), new Set(['good']), 'only the healthy one gets traffic')
  bad.health = 200
  const recovering = performance.now()
  await waitForHealth(targetGroupArn, bad, 'healthy')
  t.ok(performance.now() - recovering > 400, 'two passing checks, five seconds apart')
  t.same(await askNames(url, 10), new Set(['good', 'bad']))
  good.health = bad.health = 503
  await waitForHealth(targetGroupArn, good, 'unhealthy')
  await waitForHealth(targetGroupArn, bad, 'unhealthy')
  t.same(await askNames(url, 10), new Set(['good', 'bad']), 'fail open: all when none is healthy')
})

t.test('one passing check is enough at the start', async (t) => {
  const { targetGroupArn } = await ecs.createBalancer('first-check', { HealthCheckIntervalSeconds: 300, HealthyThresholdCount: 5 })
  const target = await serveTarget(t, 'first')
  await register(targetGroupArn, target)
  await waitForHealth(targetGroupArn, target, 'healthy')
  t.equal(target.checks, 1)
})

t.test('other reason codes, and targets asked for one by one', async (t) => {
  const { targetGroupArn } = await ecs.createBalancer('reasons', {
    HealthCheckIntervalSeconds: 5,
    HealthCheckTimeoutSeconds: 2,
    Matcher: { HttpCode: '200-299,404' },
  })
  const silent = await serveTarget(t, 'silent')
  silent.server.removeAllListeners('request')
  silent.server.on('request', () => undefined)
  const odd = await serveTarget(t, 'odd')
  odd.health = 404
  const gone = await serveTarget(t, 'gone')
  gone.server.close()
  gone.server.closeAllConnections()
  await register(targetGroupArn, silent, odd, gone)
  t.match(await waitForHealth(targetGroupArn, silent, 'unhealthy'), {
    Reason: 'Target.Timeout',
    Description: 'Request timed out',
  })
  t.match(await waitForHealth(targetGroupArn, gone, 'unhealthy'), {
    Reason: 'Target.FailedHealthChecks',
    Description: 'Health checks failed',
  })
  await waitForHealth(targetGroupArn, odd, 'healthy')
  const one = await elb.send(
    new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn, Targets: [{ Id: '10.0.0.1', Port: 1 }] }),
  )
  t.match(one.TargetHealthDescriptions, [
    { Target: { Id: '10.0.0.1', Port: 1 }, TargetHealth: { State: 'unused', Reason: 'Target.NotRegistered' } },
  ])
  await t.rejects(ecs.healthOf('arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/missing/1'), {
    name: 'TargetGroupNotFoundException',
  })
})

// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#deregistration-delay
t.test('deregistration delay: requests in flight are finished, later ones are cut off', async (t) => {
  const { targetGroupArn, url } = await ecs.createBalancer('delay', {}, 15)
  const slow: RequestListener = (req, res) => {
    const [, ms] = /^\/slow\/(\d+)/.exec(req.url ?? '') ?? []
    if (ms) setTimeout(() => res.end('done'), Number(ms))
  }
  const leaving = await serveTarget(t, 'leaving', slow)
  const staying = await serveTarget(t, 'staying')
  await register(targetGroupArn, leaving)
  await waitForHealth(targetGroupArn, leaving, 'healthy')
  const finished = fetch(`${url}/slow/800`).then((res) => res.text())
  const cut = fetch(`${url}/slow/8000`).then(
    ({ status }) => status,
    () => 'cut off',
  )
  await sleep(200)
  await register(targetGroupArn, staying)
  await waitForHealth(targetGroupArn, staying, 'healthy')
  const before = performance.now()
  await deregister(targetGroupArn, leaving)
  t.match(await waitForHealth(targetGroupArn, leaving, 'draining'), { Reason: 'Target.DeregistrationInProgress' })
  t.same(await askNames(url, 10), new Set(['staying']), 'no new request')
  t.equal(await finished, 'done')
  t.match(String(await cut), /502|cut off/)
  const took = performance.now() - before
  t.ok(took > 1300, `fifteen seconds at ten times the speed (took ${Math.round(took)} ms)`)
  await waitFor('the target has gone', async () => (await ecs.healthOf(targetGroupArn)).length === 1)
})

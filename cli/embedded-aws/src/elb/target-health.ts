import { request } from 'node:http'
import type { Clock } from '../clock.ts'

/** What a target group says of its targets, read from its configuration. */
export type TargetGroup = {
  arn: string
  port: number
  /** Whether a listener sends traffic to it. */
  inUse: boolean
  healthCheck: {
    enabled: boolean
    path: string
    /** Absent: the target's own. */
    port?: number
    matcher: string
    intervalSeconds: number
    timeoutSeconds: number
    healthyThreshold: number
    unhealthyThreshold: number
  }
  deregistrationDelaySeconds: number
}

export type TargetState = 'initial' | 'healthy' | 'unhealthy' | 'draining' | 'unused'

/** Reasons and their texts: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html */
export type TargetDescription = { id: string; port: number; state: TargetState; reason?: string; description?: string }

/** Where a target is really reached; its id is an address that only the containers know on some machines. */
export type Address = { host: string; port: number }

export type Target = TargetDescription & {
  address: Address
  passes: number
  failures: number
  inFlight: Set<() => void>
  timer?: NodeJS.Timeout
}

export type TargetHealth = ReturnType<typeof createTargetHealth>

type Verdict = { healthy: true } | { healthy: false; reason: string; description: string }

const draining = { reason: 'Target.DeregistrationInProgress', description: 'Target deregistration is in progress' }

/** Checks the health of every target of every target group, the way an Application Load Balancer does. */
export function createTargetHealth({ clock }: { clock: Clock }) {
  const groups = new Map<string, TargetGroup>()
  const targets = new Map<string, Map<string, Target>>()
  const onChange = new Set<() => void>()
  const changed = () => onChange.forEach((listener) => listener())
  const of = (arn: string) => [...(targets.get(arn)?.values() ?? [])]
  const key = ({ id, port }: { id: string; port: number }) => `${id}:${port}`
  const alive = (arn: string, target: Target) => targets.get(arn)?.get(key(target)) === target

  const setGroups = (configured: TargetGroup[]) => {
    for (const arn of groups.keys()) {
      if (configured.some((group) => group.arn === arn)) continue
      for (const target of of(arn)) clearTimeout(target.timer)
      groups.delete(arn)
      targets.delete(arn)
    }
    for (const group of configured) groups.set(group.arn, group)
  }

  const register = (arn: string, { id, port }: { id: string; port: number }, address: Address = { host: id, port }) => {
    const known = targets.get(arn) ?? new Map<string, Target>()
    targets.set(arn, known)
    const before = known.get(key({ id, port }))
    if (before && before.state !== 'draining') return
    clearTimeout(before?.timer)
    const target: Target = {
      id,
      port,
      address,
      state: 'initial',
      reason: 'Elb.RegistrationInProgress',
      description: 'Target registration is in progress',
      passes: 0,
      failures: 0,
      inFlight: new Set(),
    }
    known.set(key(target), target)
    target.timer = clock.after(0.1, () => void check(arn, target))
  }

  const deregister = (arn: string, at: { id: string; port: number }) => {
    const target = targets.get(arn)?.get(key(at))
    if (!target || target.state === 'draining') return
    clearTimeout(target.timer)
    Object.assign(target, { state: 'draining', ...draining })
    target.timer = clock.after(groups.get(arn)?.deregistrationDelaySeconds ?? 0, () => remove(arn, target))
    changed()
  }

  /** After the delay what is still in flight is cut off. */
  const remove = (arn: string, target: Target) => {
    if (alive(arn, target)) targets.get(arn)?.delete(key(target))
    for (const cut of target.inFlight) cut()
    changed()
  }

  const check = async (arn: string, target: Target) => {
    const group = groups.get(arn)
    if (!group || !alive(arn, target)) return
    if (target.reason === 'Elb.RegistrationInProgress') {
      Object.assign(target, { reason: 'Elb.InitialHealthChecking', description: 'Initial health checks in progress' })
    }
    const verdict: Verdict = group.healthCheck.enabled ? await probe(target, group, clock) : { healthy: true }
    if (!alive(arn, target) || target.state === 'draining') return
    if (judge(target, group, verdict)) changed()
    target.timer = clock.after(group.healthCheck.intervalSeconds, () => void check(arn, target))
  }

  const describe = (arn: string): TargetDescription[] => {
    const inUse = groups.get(arn)?.inUse
    return of(arn).map(({ id, port, state, reason, description }) => {
      if (inUse || state === 'draining') return { id, port, state, ...(reason ? { reason, description: description ?? '' } : {}) }
      const unused = 'Target group is not configured to receive traffic from the load balancer'
      return { id, port, state: 'unused', reason: 'Target.NotInUse', description: unused }
    })
  }

  /** Targets that may get a request: the healthy ones, or all that are not draining when none is ("fail open"). */
  const candidates = (arn: string): Target[] => {
    const staying = of(arn).filter(({ state }) => state !== 'draining')
    const healthy = staying.filter(({ state }) => state === 'healthy')
    return healthy.length > 0 ? healthy : staying
  }

  return {
    setGroups,
    has: (arn: string) => groups.has(arn),
    group: (arn: string) => groups.get(arn),
    defaultPort: (arn: string) => groups.get(arn)?.port ?? 80,
    register,
    deregister,
    describe,
    candidates,
    find: (arn: string, at: { id: string; port: number }) => targets.get(arn)?.get(key(at)),
    /** Calls back whenever a target's state changes. */
    subscribe: (listener: () => void) => void onChange.add(listener),
    close: () => [...groups.keys()].flatMap(of).forEach(({ timer }) => clearTimeout(timer)),
  }
}

/** One passing check makes a new target healthy; afterwards the thresholds count. @returns whether the state changed */
function judge(target: Target, { healthCheck }: TargetGroup, verdict: Verdict): boolean {
  const before = target.state
  target.passes = verdict.healthy ? target.passes + 1 : 0
  target.failures = verdict.healthy ? 0 : target.failures + 1
  const enough = before === 'initial' ? 1 : healthCheck.healthyThreshold
  if (verdict.healthy && before !== 'healthy' && target.passes >= enough) {
    target.state = 'healthy'
    delete target.reason
    delete target.description
  }
  if (!verdict.healthy && target.failures >= healthCheck.unhealthyThreshold) {
    Object.assign(target, { state: 'unhealthy', reason: verdict.reason, description: verdict.description })
  }
  return target.state !== before
}

function probe({ address }: Target, { healthCheck }: TargetGroup, clock: Clock): Promise<Verdict> {
  const failed = (reason: string, description: string): Verdict => ({ healthy: false, reason, description })
  return new Promise((resolve) => {
    const headers = { 'User-Agent': 'ELB-HealthChecker/2.0', Host: `${address.host}:${address.port}`, Connection: 'close' }
    const { host, port } = address
    const asked = request({ host, port: healthCheck.port ?? port, path: healthCheck.path, headers, agent: false })
    const deadline = setTimeout(() => {
      resolve(failed('Target.Timeout', 'Request timed out'))
      asked.destroy()
    }, clock.ms(healthCheck.timeoutSeconds))
    asked.on('response', (answer) => {
      answer.resume()
      const status = answer.statusCode ?? 0
      const codes = `Health checks failed with these codes: [${status}]`
      resolve(matches(healthCheck.matcher, status) ? { healthy: true } : failed('Target.ResponseCodeMismatch', codes))
    })
    asked.on('error', () => resolve(failed('Target.FailedHealthChecks', 'Health checks failed')))
    asked.on('close', () => clearTimeout(deadline))
    asked.end()
  })
}

/** @param matcher codes and ranges: `200`, `200,302`, `200-299` */
export function matches(matcher: string, status: number): boolean {
  return matcher.split(',').some((part) => {
    const [from, to = from] = part.split('-').map(Number)
    return from !== undefined && to !== undefined && status >= from && status <= to
  })
}

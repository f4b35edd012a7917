import { setTimeout as sleep } from 'node:timers/promises'
import { interruption } from '../platform/interrupts.ts'
import { setVariables } from './broken-versions.ts'
import type { Scenario } from './catalog.ts'
import { startLoad, type Load, type LoadReport } from './client-load.ts'
import { check, type Check } from './expectations.ts'
import { untilSteady, type Context } from './faults.ts'
import { observe, type Observed } from '../rollout/observe.ts'
import type { RehearsedService, Service } from './service.ts'
import { timelineOf, type Happening, type Moment } from '../rollout/timeline.ts'

export type ScenarioResult = {
  scenario: string
  should: string
  passed: boolean
  /** AWS's seconds from the fault to the end. */
  seconds: number
  requests: LoadReport
  checks: Check[]
  timeline: Moment[]
}

export type ScenarioOptions = {
  url: string
  speed: number
  /** The client sends at least so many. */
  requests: number
}

/** AWS's seconds that a scenario may take unless it says otherwise, and real ones that it may take at any speed. */
const limitSeconds = 900
const leastLimitSeconds = 150
/** Seconds that the client waits for an answer. */
const patienceSeconds = 10
const leastPatienceSeconds = 2
/** Real seconds of load before the fault and after its end. */
const marginSeconds = 1

/** Runs scenarios one after another and puts the service back to what it was; each starts from the good version. */
export async function* runScenarios(
  service: RehearsedService,
  scenarios: Scenario[],
  options: ScenarioOptions,
): AsyncGenerator<ScenarioResult> {
  const original = await service.describe()
  const milliseconds = (seconds: number) => Math.round((seconds * 1000) / options.speed)
  try {
    // The load would scale the service in the middle of every scenario.
    await service.suspendScaling(true)
    const good = await service.readVersion(original.taskDefinition ?? '')
    if (options.speed !== 1) await deployCompressed(service, good, options.speed)
    const before = await service.describe()
    for (const scenario of scenarios) {
      const context: Context = { service, before, good, name: scenario.name, milliseconds }
      yield await runScenario(scenario, context, options)
    }
  } finally {
    await service.suspendScaling(false)
    await putBack(service, original)
  }
  await untilSteady(service)
}

async function runScenario(scenario: Scenario, context: Context, options: ScenarioOptions): Promise<ScenarioResult> {
  const { service, before } = context
  try {
    await scenario.prepare?.(context)
    const load = startLoad({ url: options.url, timeoutSeconds: Math.max(leastPatienceSeconds, patienceSeconds / options.speed) })
    const { faultAt, seen, afterwards } = await injectUnderLoad(scenario, { ...context, load }, options).finally(() => load.stop())
    const requests = load.report()
    const seconds = Math.round(((Date.now() - Number(faultAt)) / 1000) * options.speed)
    const checks = [...check(scenario.expected, seen, requests, options.speed), ...afterwards]
    const timeline = timelineOf(seen, { from: faultAt, speed: options.speed, also: [{ at: faultAt, kind: 'fault', text: scenario.name }, ...happeningsOf(requests)] })
    const passed = checks.every(({ ok }) => ok)
    return { scenario: scenario.name, should: scenario.should, passed, seconds, requests, checks, timeline }
  } finally {
    await scenario.end?.(context)
    await putBack(service, before)
    if (!interruption.aborted) await untilSteady(service)
  }
}

/** When requests failed, if any did. */
function happeningsOf({ failed, firstFailure, lastFailure }: LoadReport): Happening[] {
  return [
    { at: firstFailure, kind: 'requests', text: 'the first request fails' },
    { at: lastFailure, kind: 'requests', text: `the last of ${failed} failed requests` },
  ]
}

async function injectUnderLoad(scenario: Scenario, context: Context & { load: Load }, { speed, requests }: ScenarioOptions) {
  const { load } = context
  const limit = Math.max(leastLimitSeconds, (scenario.limitSeconds ?? limitSeconds) / speed)
  await sleep(marginSeconds * 1000)
  const faultAt = new Date()
  const observed = observe(context.service, { since: faultAt })
  let later = scenario.later
  const over = (seen: Observed) => {
    if (later?.when(seen)) {
      void later.what(context).catch(() => undefined)
      later = undefined
    }
    return !later && scenario.over(seen)
  }
  const once = async () => {
    await scenario.inject(context)
    return observed.until(over, limit)
  }
  let seen = await once()
  while (load.report().sent < requests && !interruption.aborted) {
    if (scenario.repeatable) seen = await once()
    else await sleep(200)
  }
  await sleep(marginSeconds * 1000)
  return { faultAt, seen, afterwards: await waitAfterwards(scenario, context, limit) }
}

/** @returns whether what should come to pass afterwards did, within so many seconds of real time */
async function waitAfterwards({ afterwards }: Scenario, context: Context, seconds: number): Promise<Check[]> {
  if (!afterwards) return []
  const deadline = performance.now() + seconds * 1000
  await afterwards.begin?.(context)
  while (performance.now() < deadline && !interruption.aborted) {
    if (await afterwards.holds(context)) return [{ what: afterwards.should, ok: true, seen: 'so it is' }]
    await sleep(500)
  }
  return [{ what: afterwards.should, ok: false, seen: `not within ${Math.round(seconds)} s` }]
}

/** What the app itself waits for when it stops has to be compressed as well. */
async function deployCompressed(service: RehearsedService, good: Parameters<RehearsedService['register']>[0], speed: number): Promise<void> {
  const scaled = (seconds: number) => String(seconds / speed)
  const variables = { DRAIN_UNREADY_SECONDS: scaled(11), DRAIN_SILENCE_SECONDS: scaled(6), DRAIN_DEADLINE_SECONDS: scaled(25) }
  for (const container of good.containerDefinitions ?? []) setVariables(variables)(good, container, Number)
  await service.update({ taskDefinition: await service.register(good) })
  await untilSteady(service)
}

/** What differs starts a new deployment; where nothing does, nothing happens. */
async function putBack(service: RehearsedService, { taskDefinition, capacityProviderStrategy }: Service): Promise<void> {
  await service.control('capacity', { unavailable: [] })
  const deploymentConfiguration = { alarms: { alarmNames: [], enable: false, rollback: false } }
  await service.update({ taskDefinition, capacityProviderStrategy, deploymentConfiguration })
}

import { setTimeout as sleep } from 'node:timers/promises'
import { changed, type Change } from './broken-versions.ts'
import { isSteady, observe, type Observed } from '../rollout/observe.ts'
import type { Load } from './client-load.ts'
import type { RehearsedService, Service, Version } from './service.ts'

/** What a scenario works on. */
export type Context = {
  service: RehearsedService
  /** The service as it was before. */
  before: Service
  /** The version that works, and what a changed one is called. */
  good: Version
  name: string
  milliseconds: (seconds: number) => number
  /** What the client sends, once it has begun. */
  load?: Load
}

export type Step = (context: Context) => Promise<unknown>

const steadyLimitSeconds = 300

/** Whether a task has stopped and the service has all its tasks again. */
export const recovered = ({ events, service, stopped, stopping }: Observed) =>
  stopped.length > 0 && stopping === 0 && isSteady(service) && /has reached a steady state/.test(events.at(-1)?.message ?? '')

/** Deploys the good version with a change, as a new revision. */
export const deploys =
  (change: Change): Step =>
  async ({ service, good, name, milliseconds }) =>
    service.update({ taskDefinition: await service.register(changed(good, name, change, milliseconds)) })

/** Does the same and waits until it serves. */
export const deploysBefore =
  (change: Change): Step =>
  async (context) => {
    await deploys(change)(context)
    await untilSteady(context.service)
  }

export async function untilSteady(service: RehearsedService): Promise<void> {
  const seen = await observe(service).until(({ service: shown }) => isSteady(shown), steadyLimitSeconds)
  if (!isSteady(seen.service)) throw new Error(`the service is not steady after ${steadyLimitSeconds} s`)
}

const alarm = 'fargate-ctl-rehearsal'

/** Has ECS watch an alarm on the app's errors. */
export const watchesErrors: Step = async ({ service }) => {
  await service.alarmOnErrors(alarm)
  await service.setAlarm(alarm, 'OK')
  await service.update({ deploymentConfiguration: { alarms: { alarmNames: [alarm], enable: true, rollback: true } } })
}

/** A deployment during which the alarm fires. */
export const fires: Step = async (context) => {
  await deploys(() => undefined)(context)
  await sleep(context.milliseconds(10))
  await context.service.setAlarm(alarm, 'ALARM')
}

/** One task on FARGATE, the others on FARGATE_SPOT. */
export const usesSpot: Step = async ({ service }) => {
  const capacityProviderStrategy = [
    { capacityProvider: 'FARGATE', base: 1, weight: 0 },
    { capacityProvider: 'FARGATE_SPOT', base: 0, weight: 1 },
  ]
  await service.update({ capacityProviderStrategy })
  await untilSteady(service)
}

export const interruptsSpot: Step = async ({ service, before }) => {
  await service.control('capacity', { unavailable: ['FARGATE_SPOT'] })
  await service.control('spot-interruption', { group: `service:${before.serviceName}` })
}

export const kills: Step = async ({ service }) => {
  const [task] = await service.tasks('RUNNING')
  await service.control('kill', { task: task?.taskArn })
}

const zonesOf = async (service: RehearsedService) => (await service.tasks('RUNNING')).map(({ availabilityZone }) => availabilityZone)

export const spreadsOverZones: Step = async ({ service }) => {
  if (new Set(await zonesOf(service)).size > 1) return
  await service.update({ forceNewDeployment: true })
  await untilSteady(service)
}

export const losesZone: Step = async ({ service }) => service.control('zone-loss', { zone: (await zonesOf(service))[0] })

export const alarmIsOff = async ({ service }: Context): Promise<boolean> => (await service.alarmState(alarm)) === 'OK'

/** Requests a second that one task is to answer, which is far less than the client sends. */
const perSecond = 50

export const scalesByRequests: Step = async ({ service, milliseconds }) => {
  await service.trackRequests((perSecond * milliseconds(60)) / 1000)
  await service.suspendScaling(false)
}

export const sendsNothing: Step = async ({ load }) => load?.pause()

export const hasShrunk = async ({ service, before }: Context): Promise<boolean> => {
  const { desiredCount, runningCount } = await service.describe()
  return desiredCount === before.desiredCount && runningCount === desiredCount
}

export const scalesNoMore: Step = async ({ service }) => {
  await service.suspendScaling(true)
  await service.trackNoRequests()
}

import { z } from 'zod'
import type { VpcEndpoint } from './ec2/vpc-endpoints.ts'
import { readJson, writeJson } from './files.ts'
import type { Cluster, ScalableTarget, ScalingActivity, ScalingPolicy, ScheduledAction, Scope, Service, ServiceDeployment, ServiceRevision, Tag, Task, TaskDefinition } from './records.ts'

export type State = {
  clusters: Record<string, Cluster>
  taskDefinitions: Record<string, TaskDefinition>
  revisions: Record<string, number>
  services: Record<string, Service>
  serviceDeployments: Record<string, ServiceDeployment>
  serviceRevisions: Record<string, ServiceRevision>
  tasks: Record<string, Task>
  tags: Record<string, Tag[]>
  scaling: { targets: Record<string, ScalableTarget>; policies: Record<string, ScalingPolicy>; scheduled: Record<string, ScheduledAction>; activities: ScalingActivity[] }
  /** Load balancers and listeners (by ARN) to the loopback port each keeps for life. */
  ports: Record<string, number>
  /** Regions and accounts that have load balancers. */
  balancerScopes: Scope[]
  /** What ministack forgets of a flow log, by its id. */
  flowLogs: Record<string, Record<string, string>>
  /** What ministack forgets of a VPC endpoint, by its id. */
  vpcEndpoints: Record<string, VpcEndpoint>
  /** CloudWatch alarms as they were put, by ARN. */
  alarms: Record<string, Record<string, unknown>>
}

export type Store = {
  state: State
  save: () => void
  flush: () => Promise<void>
  /** Why the last change is not saved yet; undefined when it is, or is about to be. */
  trouble: () => string | undefined
}

/** Of the file; another one is not read. */
const version = 1
const retryMilliseconds = 5000
const records = z.record(z.string(), z.unknown())
const fileSchema = z.object({
  version: z.literal(version),
  ...Object.fromEntries(
    ['clusters', 'taskDefinitions', 'services', 'serviceDeployments', 'serviceRevisions', 'tasks', 'flowLogs', 'vpcEndpoints', 'alarms'].map((name) => [
      name,
      z.record(z.string(), records).optional(),
    ]),
  ),
  revisions: z.record(z.string(), z.number()).optional(),
  tags: z.record(z.string(), z.array(records)).optional(),
  scaling: z
    .object({
      targets: z.record(z.string(), records),
      policies: z.record(z.string(), records),
      scheduled: z.record(z.string(), records).default({}),
      activities: z.array(records).default([]),
    })
    .optional(),
  ports: z.record(z.string(), z.number()).optional(),
  balancerScopes: z.array(z.object({ region: z.string(), account: z.string() })).optional(),
})

const empty: State = {
  clusters: {},
  taskDefinitions: {},
  revisions: {},
  services: {},
  serviceDeployments: {},
  serviceRevisions: {},
  tasks: {},
  tags: {},
  scaling: { targets: {}, policies: {}, scheduled: {}, activities: [] },
  ports: {},
  balancerScopes: [],
  flowLogs: {},
  vpcEndpoints: {},
  alarms: {},
}

/**
 * The state of everything the gateway answers itself, kept in one JSON file that is replaced as a whole.
 * `save` writes soon, `flush` writes what is still unwritten.
 */
export function openStore(file: string, log: (line: string) => void): Store {
  const { version: _, ...known } = readJson(file, fileSchema) ?? { version }
  const state = { ...structuredClone(empty), ...known } as State
  let pending: NodeJS.Timeout | undefined
  let writing = Promise.resolve()
  // What could not be saved is still in memory, and saved with the next change or a little later.
  let trouble: string | undefined
  const write = () =>
    writeJson(file, { version, ...state }).then(
      () => {
        trouble = undefined
      },
      (error: Error) => {
        trouble = `${error.message} ${String(error.cause)}`
        log(trouble)
        pending ??= setTimeout(() => void writeNow(), retryMilliseconds)
      },
    )
  const writeNow = () => {
    clearTimeout(pending)
    pending = undefined
    writing = writing.then(write)
    return writing
  }
  return {
    state,
    save: () => (pending ??= setTimeout(() => void writeNow(), 50)),
    flush: () => (pending ? writeNow() : writing),
    trouble: () => trouble,
  }
}

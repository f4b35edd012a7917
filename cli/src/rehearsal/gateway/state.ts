import { readFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Cluster, ScalableTarget, Scope, Service, ServiceDeployment, ServiceRevision, Tag, Task, TaskDefinition } from './records.ts'

export type State = {
  clusters: Record<string, Cluster>
  taskDefinitions: Record<string, TaskDefinition>
  revisions: Record<string, number>
  services: Record<string, Service>
  serviceDeployments: Record<string, ServiceDeployment>
  serviceRevisions: Record<string, ServiceRevision>
  tasks: Record<string, Task>
  tags: Record<string, Tag[]>
  scaling: { targets: Record<string, ScalableTarget>; policies: Record<string, Record<string, unknown>> }
  /** Load balancers and listeners (by ARN) to the loopback port each keeps for life. */
  ports: Record<string, number>
  /** Regions and accounts that have load balancers. */
  balancerScopes: Scope[]
  /** What ministack forgets of a flow log, by its id. */
  flowLogs: Record<string, Record<string, string>>
  /** CloudWatch alarms as they were put, by ARN. */
  alarms: Record<string, Record<string, unknown>>
}

export type Store = { state: State; save: () => void; flush: () => Promise<void> }

const empty: State = {
  clusters: {},
  taskDefinitions: {},
  revisions: {},
  services: {},
  serviceDeployments: {},
  serviceRevisions: {},
  tasks: {},
  tags: {},
  scaling: { targets: {}, policies: {} },
  ports: {},
  balancerScopes: [],
  flowLogs: {},
  alarms: {},
}

/**
 * The state of everything the gateway answers itself, kept in one JSON file that is replaced as a whole.
 * `save` writes soon, `flush` writes what is still unwritten.
 */
export function openStore(file: string): Store {
  const state: State = { ...structuredClone(empty), ...read(file) }
  let pending: NodeJS.Timeout | undefined
  let writing = Promise.resolve()
  const write = async () => {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(`${file}.new`, JSON.stringify(state))
    await rename(`${file}.new`, file)
  }
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
  }
}

function read(file: string): Partial<State> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as State
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

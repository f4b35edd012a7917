import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Capacity } from '../deployments/capacity.ts'
import type { Task } from '../records.ts'
import type { EngineApi } from '../engine/engine-api.ts'
import type { Tasks } from '../tasks/tasks.ts'
import { faultInputs, faultsPath, isFault, type FaultInput, type FaultName } from './inputs.ts'

type Options = { engine: EngineApi; tasks: Tasks; capacity: Capacity; wake: () => void }

/** Answers `POST /_embedded-aws/faults/<name>` with what faultInputs says in its JSON body, and with the tasks that it hit. */
export function createControl({ engine, tasks, capacity, wake }: Options) {
  const running = (matches: (task: Task) => boolean) =>
    tasks.all().filter((task) => task.lastStatus === 'RUNNING' && matches(task))
  const signal = ({ containers }: Task, name: string) => {
    const ids = containers.filter(({ lastStatus }) => lastStatus === 'RUNNING').map(({ runtimeId }) => runtimeId)
    return Promise.all(ids.map((id) => engine.call('POST', `/containers/${id}/kill`, { query: { signal: name } })))
  }

  /**
   * The warning is a SIGTERM to a task that still has its place in the target group.
   * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html
   */
  const interrupt = async (task: Task) => {
    await signal(task, 'SIGTERM')
    tasks.stop(task, { code: 'SpotInterruption', reason: 'Your Spot Task was interrupted.' })
  }

  const faults: { [Name in FaultName]: (input: FaultInput<Name>) => Promise<Task[]> } = {
    capacity: async ({ unavailable }) => {
      capacity.unavailable = new Set(unavailable)
      wake()
      return []
    },
    'spot-interruption': async ({ group }) => {
      const hit = running((task) => task.group === group && task.capacityProviderName === 'FARGATE_SPOT')
      await Promise.all(hit.map(interrupt))
      return hit
    },
    'zone-loss': async ({ zone }) => {
      capacity.unavailable.add(zone)
      const hit = running(({ availabilityZone }) => availabilityZone === zone)
      // Connections stay open and nobody answers, as when packets are lost.
      await Promise.all(hit.map((task) => signal(task, 'SIGSTOP')))
      return hit
    },
    kill: async ({ task }) => {
      const hit = running(({ taskArn }) => taskArn === task)
      await Promise.all(hit.map((each) => signal(each, 'SIGKILL')))
      return hit
    },
  }

  return async (req: IncomingMessage, body: Buffer, res: ServerResponse): Promise<void> => {
    const send = (status: number, answer: unknown) =>
      void res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer))
    const name = (req.url ?? '').slice(faultsPath.length)
    if (req.method !== 'POST') return send(405, { message: 'POST is needed.' })
    if (!isFault(name)) return send(404, { message: `There is no fault of the name ${name}.` })
    const input = faultInputs[name].safeParse(parse(body))
    if (!input.success) return send(400, { message: z.prettifyError(input.error) })
    const hit = await faults[name](input.data as never)
    send(200, { taskArns: hit.map(({ taskArn }) => taskArn) })
  }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}

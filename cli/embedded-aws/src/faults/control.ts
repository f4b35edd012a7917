import type { IncomingMessage, ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { z } from 'zod'
import type { Capacity } from '../deployments/capacity.ts'
import type { Task } from '../records.ts'
import type { EngineApi } from '../tasks/engine-api.ts'
import type { Tasks } from '../tasks/tasks.ts'

/** Where faults of AWS itself are asked for, which no call of its APIs can cause. */
export const controlPath = '/_rehearsal/'

const inputs = {
  capacity: z.object({ unavailable: z.array(z.string()) }),
  'spot-interruption': z.object({ group: z.string() }),
  'zone-loss': z.object({ zone: z.string() }),
  kill: z.object({ task: z.string() }),
}

type Options = { engine: EngineApi; tasks: Tasks; capacity: Capacity; wake: () => void }

/**
 * Answers `POST /_rehearsal/<fault>` with a JSON body:
 * - `capacity` `{unavailable}`: no task is placed on these capacity providers and in these zones; `[]` gives all back;
 * - `spot-interruption` `{group}`: AWS takes the capacity of the group's tasks on FARGATE_SPOT back;
 * - `zone-loss` `{zone}`: what runs in the zone no longer answers, and nothing is placed there;
 * - `kill` `{task}`: SIGKILL from outside, as when the kernel or the host ends the task with this ARN.
 */
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

  const faults: { [Name in keyof typeof inputs]: (input: z.infer<(typeof inputs)[Name]>) => Promise<Task[]> } = {
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

  return async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const send = (status: number, body: unknown) =>
      void res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
    const name = (req.url ?? '').slice(controlPath.length) as keyof typeof inputs
    // A page in a browser on this machine cannot send this type to another origin without being asked first.
    const posted = req.method === 'POST' && req.headers['content-type'] === 'application/json'
    if (!posted) return send(405, { message: 'POST with JSON is needed.' })
    if (!Object.hasOwn(inputs, name)) return send(404, { message: `There is no fault of the name ${name}.` })
    const input = inputs[name].safeParse(await json(req).catch(() => undefined))
    if (!input.success) return send(400, { message: z.prettifyError(input.error) })
    const hit = await faults[name](input.data as never)
    send(200, { taskArns: hit.map(({ taskArn }) => taskArn) })
  }
}

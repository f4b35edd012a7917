import t from 'tap'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Capacity } from '../../src/rehearsal/gateway/capacity.ts'
import { createControl } from '../../src/rehearsal/gateway/control.ts'
import type { Task } from '../../src/rehearsal/gateway/ecs-state.ts'
import type { EngineApi } from '../../src/rehearsal/gateway/engine-api.ts'
import type { Tasks } from '../../src/rehearsal/gateway/tasks.ts'

const task = (taskArn: string, capacityProviderName: string, availabilityZone: string) =>
  ({ taskArn, capacityProviderName, availabilityZone, group: 'service:web', lastStatus: 'RUNNING', containers: [{ runtimeId: `id-${taskArn}`, lastStatus: 'RUNNING' }] }) as Task

t.test('faults of AWS itself', async (t) => {
  const done: string[] = []
  const capacity: Capacity = { unavailable: new Set() }
  const engine = { call: async (method: string, path: string, options: object) => void done.push(`${method} ${path} ${JSON.stringify(options)}`) }
  const tasks = { all: () => [task('1', 'FARGATE', 'eu-west-1a'), task('2', 'FARGATE_SPOT', 'eu-west-1b')], stop: (each: Task, stop: object) => void done.push(`stop ${each.taskArn} ${JSON.stringify(stop)}`) }
  const control = createControl({ engine: engine as unknown as EngineApi, tasks: tasks as unknown as Tasks, capacity, wake: () => void done.push('wake') })
  const server = createServer((req, res) => void control(req, res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const ask = async (fault: string, body: string, type = 'application/json') => {
    done.length = 0
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/_rehearsal/${fault}`
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': type, connection: 'close' }, body })
    return { status: answer.status, body: await answer.json() }
  }

  t.strictSame(await ask('spot-interruption', '{"group":"service:web"}'), { status: 200, body: { taskArns: ['2'] } })
  t.strictSame(done, [
    'POST /containers/id-2/kill {"query":{"signal":"SIGTERM"}}',
    'stop 2 {"code":"SpotInterruption","reason":"Your Spot Task was interrupted."}',
  ])
  t.strictSame(await ask('zone-loss', '{"zone":"eu-west-1a"}'), { status: 200, body: { taskArns: ['1'] } })
  t.strictSame(done, ['POST /containers/id-1/kill {"query":{"signal":"SIGSTOP"}}'])
  t.ok(capacity.unavailable.has('eu-west-1a'))
  t.equal((await ask('capacity', '{"unavailable":[]}')).status, 200)
  t.strictSame(done, ['wake'])
  t.equal(capacity.unavailable.size, 0)

  t.equal((await ask('capacity', '{}')).status, 400)
  t.equal((await ask('capacity', 'no json')).status, 400)
  t.equal((await ask('constructor', '{}')).status, 404)
  t.equal((await ask('capacity', '{"unavailable":[]}', 'text/plain')).status, 405, 'what a page elsewhere could send')
})

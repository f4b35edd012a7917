import t from 'tap'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Capacity } from '../../src/deployments/capacity.ts'
import { createControl } from '../../src/faults/control.ts'
import type { Task } from '../../src/records.ts'
import type { EngineApi } from '../../src/engine/engine-api.ts'
import type { Tasks } from '../../src/tasks/tasks.ts'

const task = (taskArn: string, capacityProviderName: string, availabilityZone: string) => {
  const containers = [{ runtimeId: `id-${taskArn}`, lastStatus: 'RUNNING' }]
  return { taskArn, capacityProviderName, availabilityZone, group: 'service:web', lastStatus: 'RUNNING', containers } as Task
}
const running = [task('1', 'FARGATE', 'eu-west-1a'), task('2', 'FARGATE_SPOT', 'eu-west-1b')]

t.test('faults of AWS itself', async (t) => {
  const done: string[] = []
  const text = (part: unknown) => (typeof part === 'string' ? part : JSON.stringify(part))
  const note = (...parts: unknown[]) => void done.push(parts.map(text).join(' '))
  const capacity: Capacity = { unavailable: new Set() }
  const engine = { call: async (...call: unknown[]) => note(...call) } as unknown as EngineApi
  const tasks = { all: () => running, stop: ({ taskArn }: Task, stop: object) => note('stop', taskArn, stop) } as unknown as Tasks
  const control = createControl({ engine, tasks, capacity, wake: () => note('wake') })
  const server = createServer((req, res) => void buffer(req).then((body) => control(req, body, res)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const ask = async (fault: string, body: string) => {
    done.length = 0
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/_embedded-aws/faults/${fault}`
    const answer = await fetch(url, { method: 'POST', headers: { connection: 'close' }, body })
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
  t.strictSame(await ask('kill', '{"task":"2"}'), { status: 200, body: { taskArns: ['2'] } })
  t.strictSame(done, ['POST /containers/id-2/kill {"query":{"signal":"SIGKILL"}}'])
  t.equal((await ask('capacity', '{"unavailable":[]}')).status, 200)
  t.strictSame(done, ['wake'])
  t.equal(capacity.unavailable.size, 0)

  t.equal((await ask('capacity', '{}')).status, 400)
  t.equal((await ask('capacity', 'no json')).status, 400)
  t.equal((await ask('constructor', '{}')).status, 404)
})

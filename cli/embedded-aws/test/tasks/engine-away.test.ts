// An engine that is restarted: what ran in it is found again, or noticed to have ended.
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { StopTaskCommand } from '@aws-sdk/client-ecs'
import t, { type Test } from 'tap'
import { connectionTo } from '../../src/engine/engine-api.ts'
import { findDocker } from '../../src/engine/find-engine.ts'
import { cluster, scope, scriptContainer, startEcs } from '../support/ecs.ts'
import { docker } from '../support/engine.ts'
import { waitFor } from '../support/wait-for.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('engine', 'ministack')


const engine = await startDoor(t)
const ecs = await startEcs(t, { image: true, engine: { host: engine.host } })
const kill = (id = '') => docker('kill', '--signal', 'USR2', id)

await ecs.createLogGroup('/tests/away')
const options = { 'awslogs-group': '/tests/away', 'awslogs-region': scope.region, 'awslogs-stream-prefix': 'tests' }
const script = `
  for (const [signal, code] of [['SIGUSR2', 42], ['SIGTERM', 0]]) process.on(signal, () => process.exit(code))
  let n = 0
  setInterval(() => console.log(n++), 100)`
const definition = await ecs.register('away', [scriptContainer('app', script, { logConfiguration: { logDriver: 'awslogs', options } })])

t.test('an engine that goes away and comes back', async (t) => {
  const [ending, staying, stopped] = (await Promise.all([1, 2, 3].map(() => ecs.runTask(definition)))) as [string, string, string]
  const runtimeIds = await Promise.all(
    [ending, staying, stopped].map(async (task) => (await ecs.waitForTask(task, 'RUNNING')).containers?.[0]?.runtimeId),
  )

  const before = await waitFor('its log has begun', async () => (await ecs.logsOf('/tests/away', streamOf(staying))).length)

  engine.close()
  await kill(runtimeIds[0])
  await ecs.client.send(new StopTaskCommand({ cluster, task: stopped, reason: 'while the engine is away' }))
  await sleep(500)
  t.equal((await ecs.describeTask(ending)).lastStatus, 'RUNNING', 'nobody can know yet')
  await engine.open()

  t.match(await ecs.waitForTask(ending, 'STOPPED'), { stopCode: 'EssentialContainerExited', containers: [{ exitCode: 42 }] })
  t.match(await ecs.waitForTask(stopped, 'STOPPED'), { stopCode: 'UserInitiated', containers: [{ exitCode: 0 }] })
  const lines = await waitFor('the log goes on', async () => {
    const found = (await ecs.logsOf('/tests/away', streamOf(staying))).map(Number)
    return found.length > before + 10 && found
  })
  const numbers = [...new Set(lines)].toSorted((a, b) => a - b)
  t.same(numbers, numbers.map((_, index) => index), 'no line is lost')
  t.equal((await ecs.describeTask(staying)).lastStatus, 'RUNNING')
  await kill(runtimeIds[1])
  t.match(await ecs.waitForTask(staying, 'STOPPED'), { stopCode: 'EssentialContainerExited', containers: [{ exitCode: 42 }] })
})

function streamOf(task: string): string {
  return `tests/app/${task.split('/').at(-1)}`
}

/** The engine behind an address that can be shut: connections are cut, and nobody answers there. */
async function startDoor(t: Test) {
  const where = connectionTo(await findDocker(process.env))
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const onward = connect(where.socketPath ? { path: where.socketPath } : { host: String(where.host), port: Number(where.port) })
    for (const [one, other] of [[socket, onward], [onward, socket]] as const) {
      sockets.add(one)
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })
  const open = (port = 0) => once(server.listen(port, '127.0.0.1'), 'listening')
  await open()
  const { port } = server.address() as AddressInfo
  const close = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  t.teardown(close)
  return { host: `tcp://127.0.0.1:${port}`, open: () => open(port), close }
}

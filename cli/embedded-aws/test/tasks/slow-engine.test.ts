// An engine that takes its time: a container that has just been started is stopped like any other.
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { connectionTo } from '../../src/engine/engine-api.ts'
import { findDocker } from '../../src/engine/find-engine.ts'
import { scope, scriptContainer, startEcs } from '../support/ecs.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('engine', 'ministack')

const ecs = await startEcs(t, { image: true, engine: { host: await startSlowEngine(t) } })
await ecs.createLogGroup('/tests/slow')
const options = { 'awslogs-group': '/tests/slow', 'awslogs-region': scope.region, 'awslogs-stream-prefix': 'tests' }

t.test('the last line of a container whose task ends while it is being started', async (t) => {
  const sidecar = `
    process.on('SIGTERM', () => { console.log('the last line'); process.exit(0) })
    http.createServer((request, response) => response.end()).listen(9000)`
  const untilSidecarAnswers = `
    const ask = () => fetch('http://127.0.0.1:9000').then(() => process.exit(0), () => setTimeout(ask, 50))
    ask()`
  const task = await ecs.runToEnd('slow', [
    scriptContainer('app', untilSidecarAnswers),
    scriptContainer('sidecar', sidecar, {
      essential: false,
      dependsOn: [{ containerName: 'app', condition: 'START' }],
      logConfiguration: { logDriver: 'awslogs', options },
    }),
  ])
  t.match(task, { stopCode: 'EssentialContainerExited' })
  t.same(await ecs.logsOf('/tests/slow', `tests/sidecar/${task.taskArn?.split('/').at(-1)}`), ['the last line'])
  t.equal(task.containers?.find(({ name }) => name === 'sidecar')?.exitCode, 0)
})

/** The engine behind an address where the answer to every start takes longer than the start. */
async function startSlowEngine(t: Test): Promise<string> {
  const where = connectionTo(await findDocker(process.env))
  const server = createServer((asked, answer) => {
    const onward = request({ ...where, method: asked.method, path: asked.url, headers: asked.headers })
    asked.pipe(onward)
    onward.on('error', () => answer.destroy())
    onward.on('response', async (given) => {
      if (asked.url?.endsWith('/start')) await sleep(1500)
      answer.writeHead(given.statusCode ?? 500, given.headers).flushHeaders()
      given.pipe(answer)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
}

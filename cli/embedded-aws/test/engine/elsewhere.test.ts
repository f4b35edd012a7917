// An engine whose loopback is not this machine's: images reach it, traffic reaches its tasks, and they reach this machine.
import t from 'tap'
import { createEngineApi } from '../../src/engine/engine-api.ts'
import { startElsewhere } from '../support/elsewhere.ts'
import { tryService, tryTask } from '../support/engine-trial.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('engine', 'ministack', 'namespaces')

const engine = await startElsewhere(t)

t.test('tasks in an engine on another machine', async (t) => tryService(t, await tryTask(t, engine)))

t.test('TLS: without the certificates it does not open', async (t) => {
  const withoutTls = await createEngineApi({ host: engine.host })
  t.teardown(withoutTls.close)
  await t.rejects(withoutTls.call('GET', '/_ping'), /HTTP request to an HTTPS server/)
  await t.rejects(createEngineApi({ host: engine.host, tls: { folder: '/none', verify: true } }), { message: /\/none\/ca\.pem is not there/, fix: /DOCKER_CERT_PATH/ })
})

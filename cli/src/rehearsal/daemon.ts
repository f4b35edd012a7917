// The embedded AWS as a process of its own, which outlives the command that started it.
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startGateway } from './gateway/server.ts'
import { startMinistack } from './gateway/ministack.ts'
import { moduleRegistry } from '../terraform/offline/module-registry.ts'
import { daemonFileName, daemonOptionsSchema, type DaemonFile, type DaemonMessage } from './daemon-protocol.ts'

const options = daemonOptionsSchema.parse(JSON.parse(process.argv[2] ?? '{}'))
const { stateDir, speed, tasksAre, build } = options
const log = (line: string) => process.stderr.write(`${new Date().toISOString()} ${line}\n`)

try {
  await start()
} catch (error) {
  log(String((error as Error).stack))
  // eslint-disable-next-line n/no-process-exit -- what listens already must not keep it alive
  process.send?.({ kind: 'failed', reason: (error as Error).message } satisfies DaemonMessage, () => process.exit(1))
}

async function start(): Promise<void> {
  const ministack = await startMinistack({ python: options.python, stateDir: join(stateDir, 'ministack') })
  const gateway = await startGateway({
    ministackUrl: ministack.url,
    stateDir: join(stateDir, 'gateway'),
    routes: moduleRegistry(options.modules),
    log,
    speed,
    tasksAre,
    port: options.port,
  }).catch(async (error: unknown) => {
    await ministack.close()
    throw error
  })
  const file = join(stateDir, daemonFileName)
  await writeFile(file, JSON.stringify({ pid: process.pid, url: gateway.url, speed, tasksAre, build } satisfies DaemonFile))
  const stop = async () => {
    await gateway.close()
    await ministack.close()
    await rm(file, { force: true })
    // eslint-disable-next-line n/no-process-exit -- all is saved; a connection that stays open must not keep it alive
    process.exit(0)
  }
  process.once('SIGTERM', () => void stop())
  process.on('SIGINT', () => log('SIGINT ignored: stop with `fargate-ctl rehearse --down`'))
  process.send?.({ kind: 'ready', url: gateway.url } satisfies DaemonMessage)
}

// The embedded AWS as a process of its own, which outlives the command that started it.
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startGateway } from './gateway/server.ts'
import { startMinistack } from './gateway/ministack.ts'
import { moduleRegistry } from './module-registry.ts'
import { daemonFileName, daemonOptionsSchema, type DaemonMessage } from './daemon-protocol.ts'

const options = daemonOptionsSchema.parse(JSON.parse(process.argv[2] ?? '{}'))
const log = (line: string) => process.stderr.write(`${new Date().toISOString()} ${line}\n`)
const tell = (message: DaemonMessage) => process.send?.(message)

try {
  const ministack = await startMinistack({ python: options.python, stateDir: join(options.stateDir, 'ministack') })
  const gateway = await startGateway({
    ministackUrl: ministack.url,
    stateDir: join(options.stateDir, 'gateway'),
    routes: moduleRegistry(options.standIns),
    log,
    speed: options.speed,
    tasksAre: options.tasksAre,
    ...(options.port === undefined ? {} : { port: options.port }),
  })
  const file = join(options.stateDir, daemonFileName)
  await writeFile(file, JSON.stringify({ pid: process.pid, url: gateway.url, speed: options.speed, tasksAre: options.tasksAre }))
  const stop = async () => {
    await gateway.close()
    await ministack.close()
    await rm(file, { force: true })
    // eslint-disable-next-line n/no-process-exit -- all is saved; a connection that stays open must not keep it alive
    process.exit(0)
  }
  process.once('SIGTERM', () => void stop())
  process.on('SIGINT', () => log('SIGINT ignored: stop with `fargate-ctl rehearse --down`'))
  tell({ kind: 'ready', url: gateway.url })
} catch (error) {
  log(String((error as Error).stack))
  tell({ kind: 'failed', reason: (error as Error).message })
  process.exitCode = 1
  process.disconnect?.()
}

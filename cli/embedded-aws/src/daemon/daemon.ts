// The embedded AWS as a process of its own, which outlives the command that started it.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { openKeys } from '../access/keys.ts'
import { writeJson } from '../files.ts'
import { startMinistack } from '../ministack.ts'
import { startGateway } from '../server.ts'
import { knowProcess } from './processes.ts'
import { daemonOptionsSchema, filesOf, settingsSchema, type DaemonFile, type DaemonMessage } from './protocol.ts'

const options = daemonOptionsSchema.parse(JSON.parse(process.argv[2] ?? '{}'))
const { stateDir, speed, engine } = options
const log = (line: string) => process.stderr.write(`${new Date().toISOString()} ${line}\n`)
// What it and ministack write is nobody else's.
process.umask(0o077)

try {
  await start()
} catch (error) {
  log(String((error as Error).stack))
  // eslint-disable-next-line n/no-process-exit -- what listens already must not keep it alive
  process.send?.({ kind: 'failed', reason: (error as Error).message } satisfies DaemonMessage, () => process.exit(1))
}

async function start(): Promise<void> {
  const files = filesOf(stateDir)
  const instance = randomUUID()
  const port = options.port ?? (await findFreePort())
  const ministack = await startMinistack({ python: options.python, stateDir: files.ministack, port })
  const keys = openKeys(files.keys)
  const gateway = await startGateway({ ministack: ministack.socket, keys, instance, stateDir, log, speed, engine, port }).catch(
    async (error: unknown) => {
      await ministack.close()
      throw error
    },
  )
  const file: DaemonFile = { version: 1, process: knowProcess(process.pid), instance, url: gateway.url, ...settingsSchema.parse(options) }
  await writeJson(files.daemon, file)
  const stop = async () => {
    await gateway.close()
    await ministack.close()
    await rm(files.daemon, { force: true })
    // eslint-disable-next-line n/no-process-exit -- all is saved; a connection that stays open must not keep it alive
    process.exit(0)
  }
  process.once('SIGTERM', () => void stop())
  process.on('SIGINT', () => log('SIGINT ignored: stop with `embedded-aws stop`'))
  process.send?.({ kind: 'ready', url: gateway.url } satisfies DaemonMessage)
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

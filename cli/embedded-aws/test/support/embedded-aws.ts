import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startMinistack } from '../../src/ministack.ts'
import { startGateway, type Gateway, type GatewayOptions } from '../../src/server.ts'

export type EmbeddedAws = {
  url: string
  port: number
  stateDir: string
  lines: string[]
  /** What an SDK client is made with. */
  client: { region: string; endpoint: string; credentials: { accessKeyId: string; secretAccessKey: string } }
  /** Stops the gateway and starts it anew on the same state. */
  restart: () => Promise<void>
  stop: () => Promise<void>
}

/** The interpreter that has ministack, which whoever starts the tests has found. */
export function findPython(): string | undefined {
  return process.env.EMBEDDED_AWS_PYTHON || undefined
}

/** Starts ministack and the gateway on state of their own. `stop` leaves neither process, container nor file behind. */
export async function startEmbeddedAws(options: Pick<GatewayOptions, 'speed' | 'tasksAre' | 'engineEnv'> = {}): Promise<EmbeddedAws> {
  const python = findPython()
  if (!python) throw new Error('EMBEDDED_AWS_PYTHON names no Python: run the tests with `node cli/test/run.ts FILE`')
  const stateDir = await mkdtemp(join(tmpdir(), 'embedded-aws-'))
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  const ministack = await startMinistack({ python, stateDir: join(stateDir, 'ministack') })
  // A test that is cut short by its time limit must not leave it behind.
  const abandon = () => process.kill(ministack.pid, 'SIGKILL')
  process.once('exit', abandon)
  const start = (port?: number): Promise<Gateway> =>
    startGateway({ ministackUrl: ministack.url, stateDir, log, port, ...options })
  let gateway = await start()
  const { url, port } = gateway
  return {
    url,
    port,
    stateDir,
    lines,
    client: { region: 'us-east-1', endpoint: url, credentials: { accessKeyId: '000000000000', secretAccessKey: 'rehearsal' } },
    restart: async () => {
      await gateway.close()
      gateway = await start(port)
    },
    stop: async () => {
      await gateway.close()
      await ministack.close()
      process.off('exit', abandon)
      await rm(stateDir, { recursive: true, force: true })
    },
  }
}

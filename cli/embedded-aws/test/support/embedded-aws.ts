import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureKeys, type Key, type Keys } from '../../src/access/keys.ts'
import type { EngineAddress } from '../../src/engine/address.ts'
import { findDocker } from '../../src/engine/find-engine.ts'
import { startMinistack } from '../../src/ministack.ts'
import { startGateway, type Gateway, type GatewayOptions } from '../../src/server.ts'

export type EmbeddedAws = {
  url: string
  port: number
  stateDir: string
  lines: string[]
  /** Where ministack listens. */
  ministack: string
  key: Key
  keys: Keys
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

type Options = Pick<GatewayOptions, 'speed'> & {
  accounts?: string[]
  /** Default: containers of the engine that docker's command line finds. */
  tasksAre?: 'containers' | 'processes'
  engine?: EngineAddress | undefined
}

/** The program of PyPI's ecs-deploy, which whoever starts the tests has found. */
export const ecsDeploy = process.env.EMBEDDED_AWS_ECS_DEPLOY || undefined

/** Starts ministack and the gateway on state of their own. `stop` leaves neither process, container nor file behind. */
export async function startEmbeddedAws({ accounts = ['000000000000'], tasksAre = 'containers', ...options }: Options = {}): Promise<EmbeddedAws> {
  const python = findPython()
  if (!python) throw new Error('EMBEDDED_AWS_PYTHON names no Python: run the tests with `node cli/test/run.ts FILE`')
  const stateDir = await mkdtemp(join(tmpdir(), 'embedded-aws-'))
  const engine = tasksAre === 'processes' ? 'none' : (options.engine ?? (await findDocker(process.env)))
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  const keys = await ensureKeys(join(stateDir, 'keys.json'), accounts)
  const key = keys.issued()
  const { accessKeyId, secretAccessKey } = key
  const ministack = await startMinistack({ python, stateDir: join(stateDir, 'ministack'), port: 0 })
  // A test that is cut short by its time limit must not leave it behind.
  const abandon = () => process.kill(ministack.pid, 'SIGKILL')
  process.once('exit', abandon)
  const start = (port?: number): Promise<Gateway> =>
    startGateway({ ministack: ministack.socket, keys, stateDir, log, port, speed: options.speed, engine })
  let gateway = await start()
  const { url, port } = gateway
  return {
    url,
    port,
    stateDir,
    ministack: ministack.socket,
    key,
    keys,
    lines,
    client: { region: 'us-east-1', endpoint: url, credentials: { accessKeyId, secretAccessKey } },
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

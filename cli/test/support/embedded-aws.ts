import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startMinistack } from '../../src/rehearsal/gateway/ministack.ts'
import { startGateway, type Gateway, type GatewayOptions } from '../../src/rehearsal/gateway/server.ts'

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

/** The interpreter that has ministack, or undefined where `npm run setup` has not been run. */
export function findPython(): string | undefined {
  const installed = fileURLToPath(new URL('../../../.fargate-ctl/tools/python/bin/python3', import.meta.url))
  return [process.env.FARGATE_CTL_PYTHON ?? '', installed].find((path) => path !== '' && existsSync(path))
}

/** The program of PyPI's ecs-deploy, where `npm run setup -- --for test:all` has put it. */
export const ecsDeploy = fileURLToPath(new URL('../../../.fargate-ctl/tools/ecs-deploy/bin/ecs', import.meta.url))

/** Starts ministack and the gateway on state of their own. `stop` leaves neither process, container nor file behind. */
export async function startEmbeddedAws(options: Pick<GatewayOptions, 'speed' | 'routes' | 'tasksAre' | 'engineEnv'> = {}): Promise<EmbeddedAws> {
  const python = findPython()
  if (!python) throw new Error('ministack is not installed: run `npm run setup`, or set FARGATE_CTL_PYTHON')
  const stateDir = await mkdtemp(join(tmpdir(), 'fargate-ctl-embedded-aws-'))
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  const ministack = await startMinistack({ python, stateDir: join(stateDir, 'ministack') })
  // A test that is cut short by its time limit must not leave it behind.
  const abandon = () => process.kill(ministack.pid, 'SIGKILL')
  process.once('exit', abandon)
  const start = (port?: number): Promise<Gateway> =>
    startGateway({ ministackUrl: ministack.url, stateDir: join(stateDir, 'gateway'), log, port, ...options })
  let gateway = await start()
  const { url, port } = gateway
  return {
    url,
    port,
    stateDir: join(stateDir, 'gateway'),
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

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { containerSpec, pauseSpec } from '../container-spec.ts'
import { EngineError, type CallOptions, type EngineApi } from '../../engine/engine-api.ts'
import { findImage, unpackImage, type UnpackedImage } from './images.ts'
import { readUsage } from './usage.ts'
import { endOrphans, noteProcess } from './orphans.ts'
import { localProgram, startProcess, type ContainerProcess, type HealthCheck } from './process.ts'

type Spec = ReturnType<typeof containerSpec>
type PauseSpec = ReturnType<typeof pauseSpec>
type Ports = Record<string, { HostPort: string }[]>

/** A task's place in the network, which here is its ports on this machine. */
type Place = { address: string; ports: Ports; network: string }
type Container = { spec: Spec; process?: ContainerProcess }

/**
 * The calls of an engine's API that the gateway makes, answered without an engine: containers are processes of this
 * machine, with no isolation. Memory and CPU limits, users, a read-only root and capabilities mean nothing; a task's
 * port is another one on this machine, which its processes learn from the variable PORT.
 * @param folder where images are unpacked, and processes noted
 */
export async function createProcessEngine(folder: string): Promise<EngineApi> {
  await endOrphans(join(folder, 'running'))
  const images = join(folder, 'images')
  const places = new Map<string, Place>()
  const containers = new Map<string, Container>()

  const refuse = (image: string) => {
    throw new EngineError(404, `${image} is not in the embedded ECR, and there is no engine to pull it`)
  }

  const requireImage = async (id: string): Promise<UnpackedImage> => {
    const image = await findImage(id, images)
    if (!image) throw new EngineError(404, `no such image: ${id}`)
    return image
  }

  const inspectImage = async (id: string) => {
    const { architecture, config } = await requireImage(id)
    return { Architecture: architecture, Config: config }
  }

  const create = async (body: unknown) => {
    const Id = randomBytes(32).toString('hex')
    const spec = body as Spec | PauseSpec
    if ('PortBindings' in spec.HostConfig) places.set(Id, await takePlace(spec as PauseSpec, places.size))
    else containers.set(Id, { spec: spec as Spec })
    return { Id }
  }

  const start = async (id: string) => {
    const container = containers.get(id)
    if (!container) return
    const { spec } = container
    const image = await requireImage(spec.Image)
    const env = readEnvironment(image, spec, places.get(spec.HostConfig.NetworkMode.slice('container:'.length)) as Place)
    const command = [...(spec.Entrypoint ?? image.config.Entrypoint), ...(spec.Cmd ?? (spec.Entrypoint ? [] : image.config.Cmd))]
    const local = (words: string[]) => localProgram(image, words, spec.WorkingDir ?? image.config.WorkingDir, env)
    container.process = await startProcess(local(command), readHealthCheck(spec, (words) => local(words).argv)).catch((error: Error) => {
      throw new EngineError(400, error.message)
    })
    await noteProcess(join(folder, 'running'), container.process)
  }

  const inspect = (id: string) => {
    const place = places.get(id)
    const { running = place !== undefined, exitCode = 0, health = 'starting' } = containers.get(id)?.process?.state ?? {}
    const Networks = place ? { [place.network]: { IPAddress: place.address, MacAddress: '' } } : {}
    return {
      State: { Running: running, OOMKilled: false, ExitCode: exitCode, Health: { Status: health } },
      NetworkSettings: { Networks, Ports: place?.ports ?? {} },
    }
  }

  const remove = (id: string) => {
    containers.get(id)?.process?.kill('SIGKILL')
    containers.delete(id)
    places.delete(id)
  }

  const processOf = (id: string) => containers.get(id)?.process
  const loopback = { Id: 'loopback', IPAM: { Config: [{ Gateway: '127.0.0.1', Subnet: '127.0.0.0/8' }] } }
  type Handler = (name: string, query: Record<string, string>, body: unknown) => unknown
  const routes: [method: string, path: RegExp, handler: Handler][] = [
    ['GET', /^\/version$/, () => ({ Arch: process.arch === 'arm64' ? 'arm64' : 'amd64' })],
    ['POST', /^\/images\/create$/, (_, { fromImage = '' }) => refuse(fromImage)],
    ['POST', /^\/images\/load$/, (_, _query, body) => unpackImage(body as Readable, images)],
    ['GET', /^\/images\/localhost\/embedded-aws\/pause:\d+\/json$/, () => ({ Architecture: '', Config: null })],
    ['GET', /^\/images\/(.+)\/json$/, inspectImage],
    ['GET', /^\/networks$/, () => []],
    ['POST', /^\/networks\/create$/, () => undefined],
    ['GET', /^\/networks\/(.+)$/, () => loopback],
    ['DELETE', /^\/networks\/(.+)$/, () => undefined],
    ['GET', /^\/containers\/json$/, () => []],
    ['POST', /^\/containers\/create$/, (_name, _query, body) => create(body)],
    ['POST', /^\/containers\/(.+)\/start$/, start],
    ['GET', /^\/containers\/(.+)\/json$/, inspect],
    ['GET', /^\/containers\/(.+)\/stats$/, (id) => readUsage(processOf(id)?.pid)],
    ['POST', /^\/containers\/(.+)\/wait$/, (id) => processOf(id)?.ended],
    ['POST', /^\/containers\/(.+)\/stop$/, (id, { t = '10' }) => processOf(id)?.stop(Number(t))],
    ['POST', /^\/containers\/(.+)\/kill$/, (id, { signal }) => processOf(id)?.kill((signal ?? 'SIGKILL') as NodeJS.Signals)],
    ['DELETE', /^\/containers\/(.+)$/, remove],
  ]

  const answer = async (method: string, path: string, { query = {}, body }: CallOptions = {}): Promise<unknown> => {
    for (const [known, pattern, handler] of routes) {
      const match = known === method ? pattern.exec(path) : null
      if (match) return handler(match[1] ?? '', query, body)
    }
    throw new EngineError(404, `${method} ${path} is not known without an engine`)
  }
  return {
    call: async (method, path, options) => void (await answer(method, path, options)),
    read: async (schema, method, path, options) => schema.parse(await answer(method, path, options)),
    stream: async (method, path, options) => {
      const [, id] = /^\/containers\/(.+)\/logs$/.exec(path) ?? []
      if (id) return processOf(id)?.logs() ?? Readable.from([])
      await answer(method, path, options)
      return Readable.from([])
    },
    way: { published: '127.0.0.1', here: '127.0.0.1' },
    podman: undefined,
    close: () => {
      for (const id of containers.keys()) remove(id)
    },
  }
}

async function takePlace({ ExposedPorts, HostConfig }: PauseSpec, index: number): Promise<Place> {
  const ports: Ports = {}
  for (const key of Object.keys(ExposedPorts)) ports[key] = [{ HostPort: String(await findFreePort()) }]
  const [high, low] = randomBytes(2)
  return { address: `10.${index % 256}.${high}.${low}`, ports, network: HostConfig.NetworkMode }
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

/** The app listens where PORT says; the port that it would have in its container stands for one on this machine. */
function readEnvironment(image: UnpackedImage, { Env }: Spec, { ports }: Place): Record<string, string> {
  const env = Object.fromEntries(
    [...image.config.Env, ...Env].map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
  const [first] = Object.keys(ports).map((key) => key.split('/')[0])
  const wanted = env.PORT ?? first
  const published = ports[`${wanted}/tcp`]?.[0]?.HostPort
  return published ? { ...env, PORT: published } : env
}

function readHealthCheck({ Healthcheck }: Spec, local: (words: string[]) => string[]): HealthCheck | undefined {
  const [kind, ...words] = Healthcheck.Test ?? []
  if (!Healthcheck.Interval || kind === 'NONE') return undefined
  const milliseconds = (nanoseconds: number) => nanoseconds / 1e6
  return {
    argv: kind === 'CMD-SHELL' ? ['/bin/sh', '-c', ...words] : local(words),
    interval: milliseconds(Healthcheck.Interval),
    timeout: milliseconds(Healthcheck.Timeout),
    retries: Healthcheck.Retries,
    startPeriod: milliseconds(Healthcheck.StartPeriod),
  }
}

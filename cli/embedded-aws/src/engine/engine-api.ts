import { readFileSync } from 'node:fs'
import { Agent, request, type IncomingMessage, type RequestOptions } from 'node:http'
import { Agent as TlsAgent, request as requestTls } from 'node:https'
import { join } from 'node:path'
import { Readable, type Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { UserError } from '../user-error.ts'
import type { EngineAddress } from './address.ts'
import { findWay, type Way } from './way.ts'

/** The engine refused a call. */
export class EngineError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** What is to be stopped or removed may be gone, or on its way. */
export function ignoreMissing(error: unknown): void {
  if (!(error instanceof EngineError) || ![304, 404, 409].includes(error.status)) throw error
}

/** What of the engine's answers is read. */
export const answers = {
  created: z.object({ Id: z.string() }),
  container: z.object({
    State: z.object({
      Running: z.boolean(),
      OOMKilled: z.boolean(),
      ExitCode: z.number(),
      Health: z.object({ Status: z.string() }).nullish(),
    }),
    NetworkSettings: z.object({
      Networks: z.record(z.string(), z.object({ IPAddress: z.string(), MacAddress: z.string() })),
      Ports: z.record(z.string(), z.array(z.object({ HostPort: z.string() })).nullable()),
    }),
  }),
  containers: z.array(z.object({ Id: z.string(), State: z.string(), Labels: z.record(z.string(), z.string()).nullish() })),
  network: z.object({ Id: z.string(), IPAM: z.object({ Config: z.array(z.object({ Gateway: z.string().optional(), Subnet: z.string() })) }) }),
  networks: z.array(z.object({ Id: z.string() })),
  image: z.object({
    Architecture: z.string(),
    RepoDigests: z.array(z.string()).nullish(),
    Config: z.object({ Entrypoint: z.array(z.string()).nullish(), Cmd: z.array(z.string()).nullish() }).nullish(),
  }),
  version: z.object({ Arch: z.string() }),
  info: z.object({ SecurityOptions: z.array(z.string()).nullish() }),
  /** CPU in nanoseconds since the start, memory in bytes; nothing of a container that does not run. */
  stats: z.object({
    cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }) }),
    memory_stats: z.object({ usage: z.number().optional(), stats: z.object({ inactive_file: z.number().optional() }).optional() }),
  }),
}

export type FoundContainer = z.infer<typeof answers.containers>[number]

/** `body`: an archive as bytes or as a stream, or else what becomes JSON. */
export type CallOptions = { query?: Record<string, string>; body?: unknown; headers?: Record<string, string> }

/** The engine's HTTP API, which docker and podman share: https://docs.docker.com/reference/api/engine/version/v1.41/ */
export type EngineApi = {
  /** A call whose answer nobody reads. @throws EngineError */
  call: (method: string, path: string, options?: CallOptions) => Promise<void>
  /** @throws EngineError */
  read: <T extends z.ZodType>(schema: T, method: string, path: string, options?: CallOptions) => Promise<z.infer<T>>
  /** An answer that is read as it comes. @throws EngineError */
  stream: (method: string, path: string, options?: CallOptions) => Promise<Readable>
  /** How tasks are reached there, and how they reach this machine. */
  way: Way
  /** See the engine's address. */
  podman: number | undefined
  close: () => void
}

/** @throws UserError for an address that Node cannot connect to, or without the certificates that it needs */
export async function createEngineApi(engine: EngineAddress): Promise<EngineApi> {
  const where = connectionTo(engine)
  const ask = engine.tls ? requestTls : request
  const agent = engine.tls ? new TlsAgent({ keepAlive: true }) : new Agent({ keepAlive: true })
  const way = await findWay(engine)
  const open = new Set<Duplex>()

  const stream = (method: string, path: string, { query, body, headers }: CallOptions = {}) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const raw = Buffer.isBuffer(body) || body instanceof Readable
      const asked = ask({
        ...where,
        agent,
        method,
        path: `${path}${query ? `?${new URLSearchParams(query)}` : ''}`,
        headers: { ...(where.socketPath && { Host: 'engine' }), 'Content-Type': raw ? 'application/x-tar' : 'application/json', ...headers },
      })
      asked.on('error', reject)
      asked.on('socket', (socket) => {
        // A kept-alive connection comes by once for every call.
        if (open.has(socket)) return
        open.add(socket)
        socket.once('close', () => open.delete(socket))
      })
      asked.on('response', (answer) => {
        if ((answer.statusCode ?? 500) < 400) return resolve(answer)
        text(answer).then((said) => reject(new EngineError(answer.statusCode ?? 500, messageOf(said))), reject)
      })
      if (body instanceof Readable) body.on('error', (error) => asked.destroy(error)).pipe(asked)
      else asked.end(raw || body === undefined ? body : JSON.stringify(body))
    })

  const call: EngineApi['call'] = async (method, path, options) => void (await text(await stream(method, path, options)))
  const read: EngineApi['read'] = async (schema, method, path, options) =>
    schema.parse(JSON.parse(await text(await stream(method, path, options))))
  const close = () => {
    agent.destroy()
    for (const socket of open) socket.destroy()
  }
  return { call, read, stream, close, way, podman: engine.podman }
}

/** @throws UserError */
export function connectionTo({ host, tls }: EngineAddress): RequestOptions {
  const url = URL.parse(host)
  if (url?.protocol === 'unix:') return { socketPath: url.pathname }
  if (url && ['tcp:', 'http:', 'https:'].includes(url.protocol)) {
    const at = { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(url.port || (tls ? 2376 : 2375)) }
    return tls ? { ...at, ...readCertificates(tls) } : at
  }
  throw new UserError(`The embedded AWS cannot talk to a container engine at ${host}.`, {
    fix: 'Point DOCKER_HOST at a unix:// socket or a tcp:// address.',
  })
}

/** As docker's command line reads them; without a certificate of the client's own, the engine may want none. */
function readCertificates({ folder, verify }: NonNullable<EngineAddress['tls']>) {
  const read = (name: string) => {
    try {
      return readFileSync(join(folder, name))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw new UserError(`${join(folder, name)}, which the container engine's TLS needs, cannot be read.`, { cause: (error as Error).message })
    }
  }
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map(read)
  if (verify && !ca) {
    throw new UserError(`The container engine speaks TLS, but ${join(folder, 'ca.pem')} is not there.`, {
      fix: 'Name the folder with ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH.',
    })
  }
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), rejectUnauthorized: verify }
}

function messageOf(body: string): string {
  try {
    return String((JSON.parse(body) as { message?: string }).message ?? body)
  } catch {
    return body
  }
}

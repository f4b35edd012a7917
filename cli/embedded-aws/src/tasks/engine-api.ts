import { Agent, request, type IncomingMessage } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { execa } from 'execa'
import { z } from 'zod'
import { UserError } from '../user-error.ts'

/** The engine refused a call. */
export class EngineError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
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
  containers: z.array(z.object({ Id: z.string(), State: z.string() })),
  network: z.object({ IPAM: z.object({ Config: z.array(z.object({ Gateway: z.string().optional(), Subnet: z.string() })) }) }),
  networks: z.array(z.object({ Id: z.string() })),
  image: z.object({
    Architecture: z.string(),
    RepoDigests: z.array(z.string()).nullish(),
    Config: z.object({ Entrypoint: z.array(z.string()).nullish(), Cmd: z.array(z.string()).nullish() }).nullish(),
  }),
  version: z.object({ Arch: z.string() }),
  /** CPU in nanoseconds since the start, memory in bytes; nothing of a container that does not run. */
  stats: z.object({
    cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number() }) }),
    memory_stats: z.object({ usage: z.number().optional(), stats: z.object({ inactive_file: z.number().optional() }).optional() }),
  }),
}

export type CallOptions = { query?: Record<string, string>; body?: unknown; headers?: Record<string, string> }

/** The engine's HTTP API, which docker and podman share: https://docs.docker.com/reference/api/engine/version/v1.41/ */
export type EngineApi = {
  /** A call whose answer nobody reads. @throws EngineError */
  call: (method: string, path: string, options?: CallOptions) => Promise<void>
  /** @throws EngineError */
  read: <T extends z.ZodType>(schema: T, method: string, path: string, options?: CallOptions) => Promise<z.infer<T>>
  /** An answer that is read as it comes. @throws EngineError */
  stream: (method: string, path: string, options?: CallOptions) => Promise<Readable>
  close: () => void
}

/** @param env says where the engine listens: DOCKER_HOST, else docker's current context */
export async function createEngineApi(env: NodeJS.ProcessEnv): Promise<EngineApi> {
  const where = await findEngine(env)
  const agent = new Agent({ keepAlive: true })
  const open = new Set<Duplex>()

  const stream = (method: string, path: string, { query, body, headers }: CallOptions = {}) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const raw = Buffer.isBuffer(body)
      const payload = body === undefined || raw ? body : JSON.stringify(body)
      const asked = request({
        ...where,
        agent,
        method,
        path: `${path}${query ? `?${new URLSearchParams(query)}` : ''}`,
        headers: { Host: 'engine', 'Content-Type': raw ? 'application/x-tar' : 'application/json', ...headers },
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
      asked.end(payload)
    })

  const call: EngineApi['call'] = async (method, path, options) => void (await text(await stream(method, path, options)))
  const read: EngineApi['read'] = async (schema, method, path, options) =>
    schema.parse(JSON.parse(await text(await stream(method, path, options))))
  const close = () => {
    agent.destroy()
    for (const socket of open) socket.destroy()
  }
  return { call, read, stream, close }
}

/** @throws UserError for an address that Node cannot connect to */
export async function findEngine(env: NodeJS.ProcessEnv): Promise<{ socketPath: string } | { host: string; port: number }> {
  const host = await describeEngine(env)
  const url = new URL(host)
  if (url.protocol === 'unix:') return { socketPath: url.pathname }
  if (url.protocol === 'tcp:' || url.protocol === 'http:') return { host: url.hostname, port: Number(url.port || 2375) }
  throw new UserError(`The embedded AWS cannot talk to a container engine at ${host}.`, {
    fix: 'Point DOCKER_HOST at a unix:// socket or a tcp:// address.',
  })
}

/** Where the engine listens, to tell one from another. */
export const describeEngine = async (env: NodeJS.ProcessEnv): Promise<string> => env.DOCKER_HOST || contextHost(env)

async function contextHost(env: NodeJS.ProcessEnv): Promise<string> {
  const args = ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}']
  const asked = await execa('docker', args, { env, reject: false })
  return asked.stdout?.trim() || 'unix:///var/run/docker.sock'
}

function messageOf(body: string): string {
  try {
    return String((JSON.parse(body) as { message?: string }).message ?? body)
  } catch {
    return body
  }
}

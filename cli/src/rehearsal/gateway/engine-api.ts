import { Agent, request, type IncomingMessage, type RequestOptions } from 'node:http'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { CliError } from '../../errors.ts'
import { run } from '../../tools/run.ts'

/** The engine refused a call. */
export class EngineError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export type CallOptions = { query?: Record<string, string>; body?: unknown; headers?: Record<string, string> }

/** The engine's HTTP API, which docker and podman share: https://docs.docker.com/reference/api/engine/version/v1.41/ */
export type EngineApi = {
  /** @throws EngineError */
  call: (method: string, path: string, options?: CallOptions) => Promise<any>
  /** An answer that is read as it comes. @throws EngineError */
  stream: (method: string, path: string, options?: CallOptions) => Promise<IncomingMessage>
  close: () => void
}

/** @param env says where the engine listens: DOCKER_HOST, else docker's current context */
export async function createEngineApi(env: NodeJS.ProcessEnv): Promise<EngineApi> {
  const where = parseHost(env.DOCKER_HOST || (await contextHost(env)))
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

  const call: EngineApi['call'] = async (method, path, options) => {
    const said = await text(await stream(method, path, options))
    try {
      return said === '' ? undefined : JSON.parse(said)
    } catch {
      return said
    }
  }
  const close = () => {
    agent.destroy()
    for (const socket of open) socket.destroy()
  }
  return { call, stream, close }
}

function parseHost(host: string): Pick<RequestOptions, 'socketPath' | 'host' | 'port'> {
  const url = new URL(host)
  if (url.protocol === 'unix:') return { socketPath: url.pathname }
  if (url.protocol === 'tcp:' || url.protocol === 'http:') return { host: url.hostname, port: url.port || 2375 }
  throw new CliError('unavailable', `The rehearsal cannot talk to a container engine at ${host}.`, {
    fix: 'Point DOCKER_HOST at a unix:// socket or a tcp:// address.',
  })
}

async function contextHost(env: NodeJS.ProcessEnv): Promise<string> {
  const args = ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}']
  const asked = await run('docker', args, { env, accept: 'any' }).catch(() => undefined)
  return asked?.stdout.trim() || 'unix:///var/run/docker.sock'
}

function messageOf(body: string): string {
  try {
    return String((JSON.parse(body) as { message?: string }).message ?? body)
  } catch {
    return body
  }
}

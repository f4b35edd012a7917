import { Hono, type Context, type MiddlewareHandler } from 'hono'
import { accepts } from 'hono/accepts'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import type { Answer } from './answer.ts'
import type { Settings } from './config.ts'
import { greeting } from './greeting.ts'
import { describeError, type Log } from './log.ts'
import { renderPage, type Facts } from './page.ts'
import type { Task } from './task.ts'

export type AppOptions = {
  settings: Settings
  /** Gives the task, or undefined as long as it is not known. */
  task: () => Task | undefined
  /** Whether the load balancer should send requests here. */
  isReady: () => boolean
  log: Log
  /** Runs before all others, where there is one: it costs every request a promise. */
  middleware?: MiddlewareHandler<Env> | undefined
}

type Env = { Bindings: { outgoing: Answer } }

const contentTypes = { 'text/plain': 'text/plain; charset=UTF-8', 'text/html': 'text/html; charset=UTF-8', 'application/json': 'application/json' }
type Format = keyof typeof contentTypes
/** The same content in each format. */
type Content = Record<Format, () => string>

/**
 * The app's middlewares and routes, apart from any server: `createApp(…).request('/')` answers. Headers that every answer
 * carries stand in headers.ts, the fields of its line in the log in log.ts.
 */
export function createApp({ settings, task, isReady, log, middleware }: AppOptions): Hono<Env> {
  const app = new Hono<Env>()
  const startedAt = new Date().toISOString()
  const home = createHome(settings, task)

  if (middleware) app.use(middleware)
  // Add your middlewares here: app.use(…).
  app.on(['POST', 'PUT', 'PATCH', 'DELETE'], '*', bodyLimit({ maxSize: settings.BODY_LIMIT_BYTES, onError: (c: Context<Env>) => sendError(c, 413, 'The request body is too large.') }))

  // Add your routes here.
  app.get('/', (c) => send(c, 200, home()))
  app.get('/healthz', (c) => (isReady() ? c.text('ready\n') : c.text('stopping\n', 503)))
  app.get('/livez', (c) => c.text('alive\n'))
  app.get('/version', (c) =>
    c.json({
      version: settings.APP_VERSION,
      commit: settings.IMAGE_COMMIT ?? null,
      imageTag: settings.IMAGE_TAG,
      imageDigest: task()?.imageDigest ?? null,
      startedAt,
    }),
  )
  app.notFound((c) => sendError(c, 404, 'There is nothing here.'))
  app.onError((error, c) => {
    if (error instanceof HTTPException) return sendError(c, error.status, error.message)
    log.write({ level: 'error', requestId: requestIdOf(c), ...describeError(error) })
    return sendError(c, 500, 'Something went wrong here; it has been logged.')
  })
  return app
}

function describe(settings: Settings, task: Task | undefined): Facts {
  return {
    version: settings.APP_VERSION,
    image: settings.IMAGE_TAG,
    environment: settings.APP_ENV,
    region: settings.AWS_REGION,
    task: task ? [task.id, task.zone].filter(Boolean).join(' in ') : 'not on ECS',
  }
}

/** What `/` says: made anew only when the task has become known. */
function createHome(settings: Settings, task: AppOptions['task']): () => Content {
  let described = task()
  let content = contentOfHome(describe(settings, described))
  return () => {
    const known = task()
    if (known !== described) content = contentOfHome(describe(settings, (described = known)))
    return content
  }
}

function contentOfHome(facts: Facts): Content {
  const page = renderPage(greeting, facts)
  const json = JSON.stringify({ greeting, ...facts })
  const text = `${[greeting, ...Object.entries(facts).map(([name, value]) => `${name}: ${value}`)].join('\n')}\n`
  return { 'text/html': () => page, 'application/json': () => json, 'text/plain': () => text }
}

/** Without a server, as in `app.request(…)`, there is none. */
const requestIdOf = ({ env }: Context<Env>) => (env as Env['Bindings'] | undefined)?.outgoing.requestId

/** An error, without a word about the inside. */
function sendError(c: Context<Env>, status: number, message: string): Response {
  const requestId = requestIdOf(c) ?? ''
  return send(c, status, {
    'text/html': () => renderPage(message, { status: String(status), request: requestId }),
    'application/json': () => JSON.stringify({ error: { status, message, requestId } }),
    'text/plain': () => `${status} ${message}\n`,
  })
}

/** Sends the format that was asked for. Browsers ask for HTML by name; curl takes anything and gets text. */
function send(c: Context, status: number, content: Content): Response {
  const supports = Object.keys(contentTypes)
  const format = accepts(c, { header: 'Accept', supports, default: 'text/plain' }) as Format
  return new Response(content[format](), { status, headers: { 'content-type': contentTypes[format], vary: 'accept' } })
}

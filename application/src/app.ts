import { Hono, type Context } from 'hono'
import { accepts } from 'hono/accepts'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { randomUUID } from 'node:crypto'
import type { Settings } from './config.ts'
import { greeting } from './greeting.ts'
import type { Log } from './log.ts'
import { renderPage, styleHash, type Facts } from './page.ts'
import type { Task } from './task.ts'

export type AppOptions = {
  settings: Settings
  task: Task | undefined
  /** Whether the load balancer should send requests here. */
  isReady: () => boolean
  log: Log
}

type Env = { Variables: { requestId: string } }
type Format = 'text/html' | 'text/plain' | 'application/json'

const requestIdPattern = /^[\w=;:.-]{1,128}$/

/** https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html */
const securityHeaders = Object.entries({
  'content-security-policy': `default-src 'none'; style-src ${styleHash}; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
})

/** The app's routes, apart from any server: `createApp(…).request('/')` answers. */
export function createApp({ settings, task, isReady, log }: AppOptions): Hono<Env> {
  const app = new Hono<Env>()
  const startedAt = new Date().toISOString()
  const facts = describe(settings, task)

  app.use(async (c, next) => {
    const started = performance.now()
    const given = c.req.header('x-request-id') ?? c.req.header('x-amzn-trace-id')
    const requestId = given && requestIdPattern.test(given) ? given : randomUUID()
    c.set('requestId', requestId)
    c.header('x-request-id', requestId)
    for (const [name, value] of securityHeaders) c.header(name, value)
    await next()
    log.write({
      time: new Date().toISOString(),
      level: c.res.status >= 500 ? 'error' : 'info',
      requestId,
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      milliseconds: Math.round((performance.now() - started) * 1000) / 1000,
    })
  })
  app.on(['POST', 'PUT', 'PATCH', 'DELETE'], '*', bodyLimit({ maxSize: settings.BODY_LIMIT_BYTES, onError: (c: Context<Env>) => answer(c, 413, 'The request body is too large.') }))

  app.get('/', (c) => {
    c.header('vary', 'accept')
    const format = formatOf(c)
    if (format === 'text/html') return c.html(renderPage(greeting, facts))
    if (format === 'application/json') return c.json({ greeting, ...facts })
    return c.text(`${[greeting, ...Object.entries(facts).map(([name, value]) => `${name}: ${value}`)].join('\n')}\n`)
  })
  app.get('/healthz', (c) => (isReady() ? c.text('ready\n') : c.text('stopping\n', 503)))
  app.get('/livez', (c) => c.text('alive\n'))
  app.get('/version', (c) =>
    c.json({
      version: settings.APP_VERSION,
      commit: settings.IMAGE_COMMIT,
      imageTag: settings.IMAGE_TAG,
      imageDigest: task?.imageDigest ?? null,
      startedAt,
    }),
  )
  app.notFound((c) => answer(c, 404, 'There is nothing here.'))
  app.onError((error, c) => {
    if (error instanceof HTTPException) return answer(c, error.status, error.message)
    log.write({ time: new Date().toISOString(), level: 'error', requestId: c.get('requestId'), error: error.message, stack: error.stack })
    return answer(c, 500, 'Something went wrong here; it has been logged.')
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

/** Browsers ask for HTML by name; curl takes anything and gets text. */
function formatOf(c: Context): Format {
  return accepts(c, {
    header: 'Accept',
    supports: ['text/plain', 'text/html', 'application/json'],
    default: 'text/plain',
  }) as Format
}

/** An error in the format the client asked for, without a word about the inside. */
function answer(c: Context<Env>, status: 404 | 413 | 500 | HTTPException['status'], message: string) {
  const requestId = c.get('requestId')
  const format = formatOf(c)
  if (format === 'text/html') return c.html(renderPage(message, { status: String(status), request: requestId }), status)
  if (format === 'application/json') return c.json({ error: { status, message, requestId } }, status)
  return c.text(`${status} ${message}\n`, status)
}

import { createAdaptorServer } from '@hono/node-server'
import { once } from 'node:events'
import { createServer, request, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Hono } from 'hono'
import t, { type Test } from 'tap'
import { answersLoggedTo, type Answer } from '../src/answer.ts'
import { createApp } from '../src/app.ts'
import { readSettings } from '../src/config.ts'

type Line = Record<string, unknown>

function createLines() {
  const lines: Line[] = []
  return { lines, log: { write: (event: Line) => void lines.push(event), flush: () => undefined } }
}

async function listen(t: Test, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** @param wrap puts more around the app, as a change of app.ts would */
async function serveApp(t: Test, wrap = (app: ReturnType<typeof createApp>) => app) {
  const { lines, log } = createLines()
  const read = readSettings({})
  if ('problems' in read) throw new Error(read.problems.join())
  const app = createApp({ settings: read.settings, task: () => undefined, isReady: () => true, log })
  app.get('/broken', () => {
    throw new Error('secret inside')
  })
  return { lines, url: await listen(t, createAdaptorServer({ fetch: wrap(app).fetch, serverOptions: { ServerResponse: answersLoggedTo(log) } }) as Server) }
}

async function serve(t: Test, answer: RequestListener) {
  const { lines, log } = createLines()
  return { lines, url: await listen(t, createServer({ ServerResponse: answersLoggedTo(log) }, answer)) }
}

/** The answer to a request that fetch would correct first. */
async function askRaw(url: string, path: string) {
  const asked = request(url, { path }).end()
  const [response] = (await once(asked, 'response')) as [import('node:http').IncomingMessage]
  response.resume()
  return response
}

t.test('every answer carries the security headers', async (t) => {
  const { url } = await serveApp(t)
  const refused = await askRaw(url, '/\\')
  t.equal(refused.statusCode, 400, 'even one that no route gives')
  t.equal(refused.headers['x-frame-options'], 'DENY')
  for (const path of ['/', '/healthz', '/version', '/nothing', '/broken']) {
    const { headers } = await fetch(url + path)
    t.match(headers.get('content-security-policy'), /^default-src 'none'; style-src 'sha256-/, path)
    t.equal(headers.get('x-content-type-options'), 'nosniff')
    t.equal(headers.get('x-frame-options'), 'DENY')
    t.equal(headers.get('referrer-policy'), 'no-referrer')
    t.equal(headers.get('cross-origin-opener-policy'), 'same-origin')
    t.match(headers.get('strict-transport-security'), /max-age=\d+/)
  }
})

t.test('one line a request, with the request ID of the answer', async (t) => {
  const { url, lines } = await serveApp(t)
  const ask = async (headers: Record<string, string>) => (await fetch(`${url}/?secret=1`, { headers })).headers.get('x-request-id')
  t.equal(await ask({ 'x-request-id': 'from-client.1' }), 'from-client.1')
  t.equal(await ask({ 'x-amzn-trace-id': 'Root=1-67891233-abcdef012345678912345678' }), 'Root=1-67891233-abcdef012345678912345678')
  t.match(await ask({ 'x-request-id': '"; injected' }), /^[0-9a-f-]{36}$/)
  t.equal(lines.length, 3)
  t.match(lines[0], { requestId: 'from-client.1', method: 'GET', path: '/', status: 200, level: 'info', milliseconds: Number })
})

t.test("Hono's own middlewares work: they set headers, change one that every answer carries, and add to the log", async (t) => {
  const { url, lines } = await serveApp(t, (app) =>
    new Hono<{ Bindings: { outgoing: Answer } }>()
      .use(async (c, next) => {
        c.env.outgoing.logFields.user = 'ada'
        await next()
        c.header('X-Mine', 'yes')
        c.header('X-Frame-Options', 'SAMEORIGIN')
      })
      .route('/', app),
  )
  for (const path of ['/', '/livez', '/broken']) {
    const { headers } = await fetch(url + path)
    t.equal(headers.get('x-mine'), 'yes', path)
    t.equal(headers.get('x-frame-options'), 'SAMEORIGIN', 'once, and not beside the one of every answer')
    t.equal(headers.get('x-content-type-options'), 'nosniff')
    t.match(lines.at(-1), { path, user: 'ada' })
  }
})

t.test('an error has two lines, both with the ID that the client is told', async (t) => {
  const { url, lines } = await serveApp(t)
  const response = await fetch(`${url}/broken`, { headers: { accept: 'application/json' } })
  const requestId = response.headers.get('x-request-id')
  t.match(await response.json(), { error: { status: 500, requestId } })
  t.match(lines, [
    { level: 'error', requestId, error: 'secret inside' },
    { level: 'error', requestId, status: 500, path: '/broken' },
  ])
})

t.test('headers of the answer itself stay, however they are given', async (t) => {
  const ways: RequestListener[] = [
    (_, res) => res.writeHead(201, { 'set-cookie': ['a=1', 'b=2'], 'x-own': 'yes' }).end(),
    (_, res) => res.writeHead(201, 'Made', { 'set-cookie': ['a=1', 'b=2'], 'x-own': 'yes' }).end(),
    (_, res) => res.writeHead(201, ['set-cookie', 'a=1', 'set-cookie', 'b=2', 'x-own', 'yes']).end(),
    (_, res) => {
      res.statusCode = 201
      res.setHeader('set-cookie', ['a=1', 'b=2']).setHeader('x-own', 'yes').end()
    },
  ]
  for (const [index, way] of ways.entries()) {
    const { url, lines } = await serve(t, way)
    const { status, headers } = await fetch(url)
    t.equal(status, 201)
    t.equal(headers.get('x-own'), 'yes', `way ${index}`)
    t.same(headers.getSetCookie(), ['a=1', 'b=2'])
    t.equal(headers.get('x-content-type-options'), 'nosniff')
    t.match(lines, [{ status: 201, path: '/' }])
  }
})

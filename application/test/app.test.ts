import t from 'tap'
import { createApp } from '../src/app.ts'
import { readSettings } from '../src/config.ts'
import type { Task } from '../src/task.ts'

type Line = Record<string, unknown>

const task = { id: 'task-1', zone: 'eu-central-1a', imageDigest: 'sha256:aa' }

function scene(env: Record<string, string> = {}, ready = true, readTask: () => Task | undefined = () => task) {
  const read = readSettings({ APP_VERSION: '1.2.3', IMAGE_TAG: 'abc', APP_ENV: 'dev', AWS_REGION: 'eu-central-1', ...env })
  if ('problems' in read) throw new Error(read.problems.join())
  const lines: Line[] = []
  const app = createApp({
    settings: read.settings,
    task: readTask,
    isReady: () => ready,
    log: { write: (event) => void lines.push(event), flush: () => undefined },
  })
  const get = (path: string, accept?: string) =>
    app.request(path, { headers: accept ? { accept } : {} }, { outgoing: { requestId: 'from-client.1' } })
  return { app, lines, get }
}

const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

t.test('/ greets in the format that is asked for', async (t) => {
  const { get } = scene()
  for (const [accept, type, content] of [
    [browser, 'text/html', '<h1>Hello, everyone!</h1>'],
    ['*/*', 'text/plain', 'Hello, everyone!\nversion: 1.2.3\n'],
    [undefined, 'text/plain', 'Hello, everyone!\n'],
    ['application/json', 'application/json', '"greeting":"Hello, everyone!"'],
    ['image/png', 'text/plain', 'Hello, everyone!\n'],
  ] as const) {
    const response = await get('/', accept)
    t.equal(response.status, 200)
    t.match(response.headers.get('content-type'), type, `${accept} gets ${type}`)
    t.ok((await response.text()).includes(content))
    t.equal(response.headers.get('vary'), 'accept')
  }
})

t.test('the page says version, image, environment, region and task', async (t) => {
  const page = await (await scene().get('/', browser)).text()
  for (const fact of ['1.2.3', 'abc', 'dev', 'eu-central-1', 'task-1 in eu-central-1a']) t.ok(page.includes(`<dd>${fact}</dd>`), fact)
  t.notMatch(page, /(src|href)="(https?:)?\/\//, 'no outside assets')
})

t.test('facts are escaped', async (t) => {
  const page = await (await scene({ APP_ENV: '<script>alert(1)</script>' }).get('/', browser)).text()
  t.notMatch(page, '<script>')
  t.match(page, '&lt;script&gt;')
})

t.test('/version says what runs', async (t) => {
  t.match(await (await scene({ IMAGE_COMMIT: '0a1b2c' }).get('/version')).json(), {
    version: '1.2.3',
    commit: '0a1b2c',
    imageTag: 'abc',
    imageDigest: 'sha256:aa',
    startedAt: /^\d{4}-.*Z$/,
  })
})

t.test('what is not known is null, and told once it is known', async (t) => {
  let known: Task | undefined = undefined
  const { get } = scene({}, true, () => known)
  t.match(await (await get('/version')).json(), { commit: null, imageDigest: null })
  t.match(await (await get('/')).text(), 'task: not on ECS')
  known = task
  t.match(await (await get('/version')).json(), { imageDigest: 'sha256:aa' })
  t.match(await (await get('/')).text(), 'task: task-1 in eu-central-1a')
})

t.test('/healthz fails while stopping, /livez does not', async (t) => {
  t.equal((await scene().get('/healthz')).status, 200)
  t.equal((await scene({}, false).get('/healthz')).status, 503)
  t.equal((await scene({}, false).get('/livez')).status, 200)
})

t.test('404 in the format that is asked for', async (t) => {
  const { get } = scene()
  for (const [accept, content] of [[browser, '<dd>404</dd>'], ['*/*', '404 There is nothing here.'], ['application/json', '"status":404']] as const) {
    const response = await get('/nothing', accept)
    t.equal(response.status, 404)
    t.ok((await response.text()).includes(content))
  }
})

t.test('500 tells nothing of the inside; the log does', async (t) => {
  for (const accept of [browser, '*/*', 'application/json']) {
    const { app, get, lines } = scene()
    app.get('/broken', () => {
      throw new Error('secret inside')
    })
    const response = await get('/broken', accept)
    t.equal(response.status, 500)
    const text = await response.text()
    t.notMatch(text, /secret inside|\bat /)
    if (accept !== '*/*') t.match(text, 'from-client.1', 'the ID leads to the log')
    t.match(lines, [{ level: 'error', requestId: 'from-client.1', error: 'secret inside', stack: /app\.test\.ts/ }])
  }
})

t.test('a body above the limit is refused', async (t) => {
  const { app } = scene({ BODY_LIMIT_BYTES: '10' })
  const post = (body: string) => app.request('/', { method: 'POST', body, headers: { 'content-length': String(body.length) } })
  t.equal((await post('x'.repeat(11))).status, 413)
  t.equal((await post('x'.repeat(10))).status, 404)
})

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** What becomes of a request: this status, no answer at all, or (undefined) what S3 does. */
export type Fault = (method: string, key: string) => number | 'hang' | undefined

/**
 * S3 as far as Terraform's backend asks it, for one bucket, on a free loopback port; `If-None-Match` as
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export async function startFakeBucket(objects: Record<string, string> = {}) {
  const state: { objects: Record<string, string>; fault: Fault; calls: string[] } = { objects, fault: () => undefined, calls: [] }
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const key = decodeURIComponent(pathname.split('/').slice(2).join('/'))
    const method = request.method ?? ''
    const body = (await buffer(request)).toString()
    state.calls.push(`${method} ${key}`)
    const fault = state.fault(method, key)
    if (fault === 'hang') return
    const error = (status: number, code: string) => response.writeHead(status, { 'content-type': 'application/xml' }).end(method === 'HEAD' ? '' : `<?xml version="1.0"?><Error><Code>${code}</Code><Message>refused</Message></Error>`)
    if (fault) return error(fault, fault === 403 ? 'AccessDenied' : 'ServiceUnavailable')
    if (!key || searchParams.has('list-type')) return response.writeHead(200).end(method === 'HEAD' ? '' : '<?xml version="1.0"?><ListBucketResult></ListBucketResult>')
    if (method === 'PUT') {
      if (request.headers['if-none-match'] && key in state.objects) return error(412, 'PreconditionFailed')
      state.objects[key] = decodeChunks(body, request.headers['content-encoding'])
      return response.writeHead(200, { etag: '"1"' }).end()
    }
    const found = state.objects[key]
    if (method === 'DELETE') return void (delete state.objects[key], response.writeHead(204).end())
    return found === undefined ? error(404, 'NoSuchKey') : response.writeHead(200, { 'content-length': Buffer.byteLength(found) }).end(method === 'HEAD' ? '' : found)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => new Promise<void>((resolve) => (server.closeAllConnections(), server.close(() => resolve())))
  return Object.assign(state, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close })
}

/** A body that the SDK signs in parts: `SIZE[;signature]`, the part, and so on. */
function decodeChunks(body: string, encoding = ''): string {
  if (!encoding.includes('aws-chunked')) return body
  let text = ''
  for (let rest = body; ; ) {
    const size = Number.parseInt(rest, 16)
    if (!size) return text
    const start = rest.indexOf('\r\n') + 2
    text += rest.slice(start, start + size)
    rest = rest.slice(start + size + 2)
  }
}

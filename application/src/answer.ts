import { randomUUID } from 'node:crypto'
import { ServerResponse, type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders } from 'node:http'
import type { Log } from './log.ts'
import { styleHash } from './page.ts'

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[]

/** An answer of the server; routes find it as `c.env.outgoing`. */
export type Answer = { readonly requestId: string }

const requestIdPattern = /^[\w=;:.-]{1,128}$/

/** https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html */
const securityHeaders = Object.entries({
  'content-security-policy': `default-src 'none'; style-src ${styleHash}; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}).flat()

/**
 * What `http.createServer` takes as its ServerResponse: every answer, whoever writes it, carries the security headers
 * and its request's ID, and is one line in the log. A middleware would make every answer a Headers object and a promise,
 * which costs more than all the rest.
 */
export function answersLoggedTo(log: Log): typeof ServerResponse {
  return class<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> implements Answer {
    readonly requestId = requestIdOf(this.req.headers)
    readonly #started = performance.now()

    override writeHead(status: number, reason?: string | Headers, headers?: Headers): this {
      const own = typeof reason === 'string' ? headers : reason
      super.writeHead(status, [...securityHeaders, 'x-request-id', this.requestId, ...flatten(own)])
      const { method, url = '' } = this.req
      log.write({
        level: status >= 500 ? 'error' : 'info',
        requestId: this.requestId,
        method,
        path: url.split('?', 1)[0],
        status,
        milliseconds: Math.round((performance.now() - this.#started) * 1000) / 1000,
      })
      return this
    }
  }
}

/** The client's own, or that of the load balancer, where it is fit to be logged. */
function requestIdOf(headers: Record<string, string | string[] | undefined>): string {
  const given = headers['x-request-id'] ?? headers['x-amzn-trace-id']
  return typeof given === 'string' && requestIdPattern.test(given) ? given : randomUUID()
}

function flatten(headers: Headers = []): OutgoingHttpHeader[] {
  if (Array.isArray(headers)) return headers
  const flat: OutgoingHttpHeader[] = []
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) flat.push(name, value)
  return flat
}

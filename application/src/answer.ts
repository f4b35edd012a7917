import { randomUUID } from 'node:crypto'
import { ServerResponse, type IncomingMessage, type OutgoingHttpHeader, type OutgoingHttpHeaders } from 'node:http'
import { headers } from './headers.ts'
import { describeAnswer, type Log } from './log.ts'

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[]

/** An answer of the server; routes and middlewares find it as `c.env.outgoing`. */
export type Answer = Pick<ServerResponse, 'req' | 'statusCode'> & {
  readonly requestId: string
  readonly startedAt: number
  /** What a route or a middleware adds to the answer's line in the log. */
  readonly logFields: Record<string, unknown>
  /** The path of the route that answers, where metrics are on. */
  route?: string
}

const requestIdPattern = /^[\w=;:.-]{1,128}$/

/**
 * What `http.createServer` takes as its ServerResponse: every answer, whoever writes it, carries the headers of headers.ts
 * and its request's ID, and is one line in the log. Middlewares for these two would halve the requests a second: they make
 * every answer a Headers object and a promise.
 */
export function answersLoggedTo(log: Log): typeof ServerResponse {
  return class<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> implements Answer {
    readonly requestId = requestIdOf(this.req.headers)
    readonly startedAt = performance.now()
    readonly logFields = {}
    declare route?: string

    override writeHead(status: number, reason?: string | Headers, given?: Headers): this {
      const own = typeof reason === 'string' ? given : reason
      super.writeHead(status, { ...headers, 'x-request-id': this.requestId, ...this.getHeaders(), ...byName(own) })
      log.write(describeAnswer(this))
      return this
    }
  }
}

/** The client's own, or that of the load balancer, where it is fit to be logged. */
function requestIdOf(headers: Record<string, string | string[] | undefined>): string {
  const given = headers['x-request-id'] ?? headers['x-amzn-trace-id']
  return typeof given === 'string' && requestIdPattern.test(given) ? given : randomUUID()
}

/** A list of names and values, in which a name may stand more than once, as an object. */
function byName(headers: Headers = {}): OutgoingHttpHeaders {
  if (!Array.isArray(headers)) return headers
  const named: Record<string, string[]> = {}
  for (let index = 0; index + 1 < headers.length; index += 2) (named[String(headers[index]).toLowerCase()] ??= []).push(String(headers[index + 1]))
  return named
}

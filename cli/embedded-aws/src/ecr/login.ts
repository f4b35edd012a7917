import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** As long as ECR's own. https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html */
const lifetimeSeconds = 12 * 3600

/** The embedded registry, which stands for every one of ECR: its address on this machine, and what opens it now. */
export type Registry = { address: string; password: () => string }

/** Logins to the registry: a password names when it ends, and is signed with a secret that nobody else has. */
export type RegistryLogin = {
  /** A password for the user AWS, and when it ends, in seconds since 1970. */
  issue: () => { password: string; expiresAt: number }
  /** Whether a request to the registry brings such a password. */
  admits: (req: IncomingMessage) => boolean
}

export function createRegistryLogin(secret: string): RegistryLogin {
  const sign = (expires: string) => createHmac('sha256', secret).update(expires).digest()
  return {
    issue: () => {
      const expiresAt = Math.floor(Date.now() / 1000) + lifetimeSeconds
      return { password: `${expiresAt}.${sign(String(expiresAt)).toString('base64url')}`, expiresAt }
    },
    admits: ({ headers }) => {
      const [, encoded = ''] = /^Basic (\S+)$/i.exec(headers.authorization ?? '') ?? []
      const [, expires = '', signature = ''] = /^AWS:(\d+)\.(.+)$/.exec(Buffer.from(encoded, 'base64').toString()) ?? []
      const given = Buffer.from(signature, 'base64url')
      const expected = sign(expires)
      return given.length === expected.length && timingSafeEqual(given, expected) && Number(expires) > Date.now() / 1000
    },
  }
}

/** https://distribution.github.io/distribution/spec/api/#errors */
export function askForLogin(res: ServerResponse): void {
  const errors = [{ code: 'UNAUTHORIZED', message: 'authentication required' }]
  const headers = { 'Content-Type': 'application/json', 'WWW-Authenticate': 'Basic realm="embedded-aws",service="ecr.amazonaws.com"' }
  res.writeHead(401, headers).end(JSON.stringify({ errors }))
}

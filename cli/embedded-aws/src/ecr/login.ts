import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { without } from '../proxy.ts'
import type { Scope } from '../records.ts'

/** As long as ECR's own. https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html */
const lifetimeSeconds = 12 * 3600

/** The embedded registry, which stands for every one of ECR: its address on this machine, and what opens an account's now. */
export type Registry = { address: string; password: (scope: Scope) => string }

/** Logins to the registry: a password names when it ends and whose registry it opens, and is signed with a secret that nobody else has. */
export type RegistryLogin = {
  /** A password for the user AWS, and when it ends, in seconds since 1970. */
  issue: (scope: Scope) => { password: string; expiresAt: number }
  /** Whose registry is opened by the password that a request brings; undefined: none. */
  admits: (req: IncomingMessage) => Scope | undefined
}

export function createRegistryLogin(secret: string): RegistryLogin {
  const sign = (claim: string) => createHmac('sha256', secret).update(claim).digest()
  return {
    issue: (scope) => {
      const expiresAt = Math.floor(Date.now() / 1000) + lifetimeSeconds
      const claim = `${expiresAt}.${scope.account}.${scope.region}`
      return { password: `${claim}.${sign(claim).toString('base64url')}`, expiresAt }
    },
    admits: ({ headers }) => {
      const [, encoded = ''] = /^Basic (\S+)$/i.exec(headers.authorization ?? '') ?? []
      const [, claim = '', signature = ''] = /^AWS:(\d+\.\d{12}\.[a-z0-9-]+)\.(.+)$/.exec(Buffer.from(encoded, 'base64').toString()) ?? []
      const given = Buffer.from(signature, 'base64url')
      const expected = sign(claim)
      const [expires, account = '', region = ''] = claim.split('.')
      const isGood = given.length === expected.length && timingSafeEqual(given, expected) && Number(expires) > Date.now() / 1000
      return isGood ? { account, region } : undefined
    },
  }
}

/** ministack knows whose registry is meant by its name on AWS. */
export function addressRegistry(req: IncomingMessage, { account, region }: Scope): IncomingMessage {
  req.rawHeaders = [...without(req.rawHeaders, /^host$/i), 'Host', `${account}.dkr.ecr.${region}.amazonaws.com`]
  return req
}

/** https://distribution.github.io/distribution/spec/api/#errors */
export function askForLogin(res: ServerResponse): void {
  const errors = [{ code: 'UNAUTHORIZED', message: 'authentication required' }]
  const headers = { 'Content-Type': 'application/json', 'WWW-Authenticate': 'Basic realm="embedded-aws",service="ecr.amazonaws.com"' }
  res.writeHead(401, headers).end(JSON.stringify({ errors }))
}

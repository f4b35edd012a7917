import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Key, Keys } from './keys.ts'
import { emptyHash, sha256, signRequest } from './sigv4.ts'

/** Why a request is turned away; how that is said depends on the service. */
export type RefusalReason = 'missing' | 'malformed' | 'unknown key' | 'wrong signature' | 'wrong body' | 'wrong clock' | 'expired'

export class Refusal extends Error {
  readonly reason: RefusalReason
  /** As the request claims, though nobody vouches for it. */
  readonly service: string
  constructor(reason: RefusalReason, service: string) {
    super(`the request is refused: ${reason}`)
    this.reason = reason
    this.service = service
  }
}

/** What a request says of its signature: in its header Authorization, or in its query when it was presigned. */
export type Claim = {
  accessKeyId: string
  day: string
  region: string
  service: string
  signedHeaders: string[]
  signature: string
  date: string
  token: string | undefined
  /** Presigned requests live so many seconds. */
  lifetime?: number
}

const skewSeconds = 15 * 60
const longestLifetime = 7 * 24 * 3600

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html @throws Refusal */
export function readClaim(req: IncomingMessage, query: URLSearchParams): Claim {
  return query.has('X-Amz-Signature') ? readPresigned(query) : readHeader(req)
}

function readHeader({ headers }: IncomingMessage): Claim {
  const { authorization } = headers
  if (!authorization) throw new Refusal('missing', '')
  const form = /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request,\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/
  const [, accessKeyId = '', day = '', region = '', service = '', names = '', signature = ''] = form.exec(authorization) ?? []
  const date = single(headers['x-amz-date'])
  const claim = { accessKeyId, day, region, service, signedHeaders: names.split(';'), signature, date, token: token(headers['x-amz-security-token']) }
  if (signature === '' || date === '') throw new Refusal('malformed', service)
  return claim
}

function readPresigned(query: URLSearchParams): Claim {
  const read = (name: string) => query.get(`X-Amz-${name}`) ?? ''
  const [accessKeyId = '', day = '', region = '', service = ''] = read('Credential').split('/')
  const lifetime = Number(read('Expires') || '900')
  const signature = read('Signature')
  const sound = read('Algorithm') === 'AWS4-HMAC-SHA256' && /^[0-9a-f]{64}$/.test(signature) && lifetime > 0 && lifetime <= longestLifetime
  if (!sound) throw new Refusal('malformed', service)
  const signedHeaders = read('SignedHeaders').split(';')
  return { accessKeyId, day, region, service, signedHeaders, signature, date: read('Date'), token: query.get('X-Amz-Security-Token') ?? undefined, lifetime }
}

/**
 * The body is part of what is signed, except where its sender says otherwise.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export const signsBody = ({ headers }: IncomingMessage, { lifetime }: Claim) =>
  lifetime === undefined && !/^(UNSIGNED-PAYLOAD|STREAMING-.+)$/.test(single(headers['x-amz-content-sha256']))

/** What can be told before the body is read. @returns the key that it says it was signed with. @throws Refusal */
export function findKey(claim: Claim, keys: Keys): Key {
  const { service, token, date, day, signedHeaders } = claim
  const key = keys.find(claim.accessKeyId)
  if (!key || (key.sessionToken ?? '') !== (token ?? '')) throw new Refusal('unknown key', service)
  const signedAt = readDate(date)
  if (!signedAt || !date.startsWith(day) || !signedHeaders.includes('host')) throw new Refusal('malformed', service)
  checkClock(signedAt, claim)
  return key
}

/**
 * Computes the signature again and compares.
 * @param body undefined where it is not signed
 * @throws Refusal
 */
export function verifySignature(req: IncomingMessage, query: URLSearchParams, claim: Claim, key: Key, body: Buffer | undefined): void {
  const refuse = (reason: RefusalReason) => new Refusal(reason, claim.service)
  const said = single(req.headers['x-amz-content-sha256'])
  const actual = body && sha256(body)
  if (actual !== undefined && said !== '' && said !== actual) throw refuse('wrong body')
  const hash = claim.lifetime === undefined ? (actual ?? said) : payloadOfPresigned(claim.service)
  const expected = Buffer.from(sign(req, query, claim, key, hash))
  if (!timingSafeEqual(expected, Buffer.from(claim.signature))) throw refuse('wrong signature')
}

function sign(req: IncomingMessage, query: URLSearchParams, claim: Claim, key: Key, payloadHash: string): string {
  const [path = '/'] = (req.url ?? '/').split('?')
  const headers = claim.signedHeaders.toSorted().map((name): [string, string] => [name, single(req.headers[name])])
  return signRequest({ method: req.method ?? 'GET', path, query, headers, payloadHash }, key.secretAccessKey, claim, claim.date)
}

function checkClock(signedAt: Date, { lifetime, service }: Claim): void {
  const age = (Date.now() - signedAt.getTime()) / 1000
  if (lifetime === undefined ? Math.abs(age) > skewSeconds : age < -skewSeconds) throw new Refusal('wrong clock', service)
  if (lifetime !== undefined && age > lifetime) throw new Refusal('expired', service)
}

/** A presigned request has no body yet. */
const payloadOfPresigned = (service: string) => (/^s3/.test(service) ? 'UNSIGNED-PAYLOAD' : emptyHash)

/** `20261126T050000Z` */
function readDate(text: string): Date | undefined {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? []
  return year ? new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) : undefined
}

const single = (value: string | string[] | undefined) => (Array.isArray(value) ? value.join(',') : (value ?? ''))
const token = (value: string | string[] | undefined) => (value === undefined ? undefined : single(value))

import { createHash, createHmac } from 'node:crypto'

// Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
// The SDK's own signer is made for requests that are sent: it checks no chunks, and takes twice as long.

/** What a request is signed for. */
export type CredentialScope = { day: string; region: string; service: string }

export type CanonicalRequest = {
  method: string
  /** As it came, without its query. */
  path: string
  query: URLSearchParams
  /** In the order of their names, which are in small letters. */
  headers: [name: string, value: string][]
  payloadHash: string
}

const algorithm = 'AWS4-HMAC-SHA256'
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
export const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')
export const emptyHash = sha256('')

const keys = new Map<string, Buffer>()
const mostKeys = 1000

/** Each secret has one key a day, region and service. */
function signingKey(secret: string, { day, region, service }: CredentialScope): Buffer {
  const name = [secret, day, region, service].join('\n')
  const known = keys.get(name)
  if (known) return known
  const key = [region, service, 'aws4_request'].reduce(hmac, hmac(`AWS4${secret}`, day))
  if (keys.size >= mostKeys) keys.clear()
  keys.set(name, key)
  return key
}

/** @param date as the request has it, e.g. `20261126T050000Z`. @returns hexadecimal digits */
export function signRequest(request: CanonicalRequest, secret: string, scope: CredentialScope, date: string): string {
  return sign([algorithm, date, scopeText(scope), sha256(canonical(request, scope))], secret, scope)
}

/**
 * A part of a body that is sent in signed chunks; each is signed with the one before.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html#sigv4-chunked-body-definition
 */
export function signChunk(chunk: Buffer, previous: string, secret: string, scope: CredentialScope, date: string): string {
  return sign([`${algorithm}-PAYLOAD`, date, scopeText(scope), previous, emptyHash, sha256(chunk)], secret, scope)
}

/** The checksums that follow such a body. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html */
export function signTrailer(trailer: string, previous: string, secret: string, scope: CredentialScope, date: string): string {
  return sign([`${algorithm}-TRAILER`, date, scopeText(scope), previous, sha256(trailer)], secret, scope)
}

const sign = (lines: string[], secret: string, scope: CredentialScope) => hmac(signingKey(secret, scope), lines.join('\n')).toString('hex')

const scopeText = ({ day, region, service }: CredentialScope) => `${day}/${region}/${service}/aws4_request`

function canonical({ method, path, query, headers, payloadHash }: CanonicalRequest, { service }: CredentialScope): string {
  const lines = headers.map(([name, value]) => `${name}:${value.trim().replace(/\s+/g, ' ')}`)
  const names = headers.map(([name]) => name).join(';')
  return [method, canonicalPath(path, service), canonicalQuery(query), ...lines, '', names, payloadHash].join('\n')
}

/** S3 alone takes paths as they are. */
function canonicalPath(path: string, service: string): string {
  if (service.startsWith('s3') || path === '/') return path
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  return `/${kept.map(encode).join('/')}${kept.length > 0 && path.endsWith('/') ? '/' : ''}`
}

function canonicalQuery(query: URLSearchParams): string {
  const pairs = [...query].filter(([name]) => name !== 'X-Amz-Signature').map(([name, value]) => [encode(name), encode(value)] as const)
  return pairs.toSorted(([a, x], [b, y]) => compare(a, b) || compare(x, y)).map((pair) => pair.join('=')).join('&')
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** https://www.rfc-editor.org/rfc/rfc3986#section-2.3 */
const encode = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { Scope } from '../records.ts'
import { actAs } from './act-as.ts'
import { areChunksSigned, signedChunks } from './chunks.ts'
import type { Keys } from './keys.ts'
import { findKey, readClaim, Refusal, signsBody, verifySignature } from './signature.ts'

/** For whom, for which service, and with which body; undefined where S3's clients do not sign it. */
export type Caller = { scope: Scope; service: string; body: Buffer | undefined }

/**
 * The credential scope of a request's signature says for which service it is, and its key on whose behalf.
 * @throws Refusal
 */
export async function identify(req: IncomingMessage, query: URLSearchParams, keys: Keys): Promise<Caller> {
  const claim = readClaim(req, query)
  const key = findKey(claim, keys)
  const signed = signsBody(req, claim)
  const chunked = signedChunks.test(String(req.headers['x-amz-content-sha256']))
  // What S3 gets may be long, and where it is not signed nobody here reads it.
  const body = signed || chunked || claim.service !== 's3' ? await buffer(req) : undefined
  verifySignature(req, query, claim, key, signed ? body : undefined)
  if (chunked && !(body && areChunksSigned(body, claim, key.secretAccessKey))) throw new Refusal('wrong signature', claim.service)
  actAs(req, key, claim)
  return { scope: { region: claim.region, account: key.account }, service: claim.service, body }
}

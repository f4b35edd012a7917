import type { Claim } from './signature.ts'
import { signChunk, signTrailer } from './sigv4.ts'

/** How a body says that it comes in signed chunks; with a trailer, checksums follow it. */
export const signedChunks = /^STREAMING-AWS4-HMAC-SHA256-PAYLOAD(-TRAILER)?$/

/**
 * Whether each chunk of a body is the one that was signed.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 * @param claim of the request; its signature is the one before the first chunk's
 */
export function areChunksSigned(body: Buffer, claim: Claim, secret: string): boolean {
  let previous = claim.signature
  let at = 0
  for (;;) {
    const headEnd = body.indexOf('\r\n', at)
    const [, size = '', signature = ''] = /^([0-9a-f]+);chunk-signature=([0-9a-f]{64})$/i.exec(body.toString('latin1', at, headEnd)) ?? []
    const [start, end] = [headEnd + 2, headEnd + 2 + parseInt(size, 16)]
    if (headEnd < 0 || signature === '' || end > body.length) return false
    if (signChunk(body.subarray(start, end), previous, secret, claim, claim.date) !== signature) return false
    previous = signature
    if (end === start) return isTrailerSigned(body.toString('latin1', start), claim, previous, secret)
    at = end + 2
  }
}

/** What follows the last chunk: nothing, or lines of which the last is their signature. */
function isTrailerSigned(text: string, claim: Claim, previous: string, secret: string): boolean {
  const lines = text.split('\r\n').filter(Boolean)
  if (lines.length === 0) return true
  const [, signature] = /^x-amz-trailer-signature:([0-9a-f]{64})$/i.exec(lines.at(-1) ?? '') ?? []
  const trailer = lines.slice(0, -1).map((line) => `${line}\n`).join('')
  return signature === signTrailer(trailer, previous, secret, claim, claim.date)
}

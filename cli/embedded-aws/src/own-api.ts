import { SignatureV4 } from '@smithy/signature-v4'
import type { Key } from './access/keys.ts'
import { Sha256 } from './access/sha256.ts'
import { UserError } from './user-error.ts'

// What the embedded AWS answers of its own, besides AWS's APIs.

/** What requests to it are signed for. */
export const ownService = 'embedded-aws'

/** Tells who serves; needs no key. */
export const healthPath = '/_embedded-aws/health'
export const statusPath = '/_embedded-aws/status'

/**
 * Calls it as any AWS API is called, with a signature.
 * @returns the JSON that it answers with
 * @throws UserError when it refuses
 */
export async function callOwnApi(url: string, key: Key, path: string, input: unknown = {}): Promise<unknown> {
  const { accessKeyId, secretAccessKey } = key
  const signer = new SignatureV4({ credentials: { accessKeyId, secretAccessKey }, region: 'us-east-1', service: ownService, sha256: Sha256 })
  const { host, hostname } = new URL(url)
  const body = JSON.stringify(input)
  const unsigned = { method: 'POST', protocol: 'http:', hostname, path, headers: { host, 'content-type': 'application/json' }, body }
  const { headers } = await signer.sign(unsigned)
  const answer = await fetch(new URL(path, url), { method: 'POST', headers, body })
  const text = await answer.text()
  if (!answer.ok) throw new UserError(`The embedded AWS refuses: ${text || answer.statusText}`)
  return JSON.parse(text)
}

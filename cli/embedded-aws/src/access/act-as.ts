import type { IncomingMessage } from 'node:http'
import { without } from '../proxy.ts'
import type { Key } from './keys.ts'
import type { Claim } from './signature.ts'

/**
 * ministack takes a key of twelve digits for an account: a request whose signature was verified goes on to it with that
 * in place of the key, and with a header in place of what was presigned. Keys that it gave out itself it knows.
 */
export function actAs(req: IncomingMessage, { account, learned }: Key, { day, region, service }: Claim): void {
  if (learned) return
  const [path = '/', query = ''] = (req.url ?? '/').split('?')
  const kept = query.split('&').filter((part) => part !== '' && !presigned.test(part))
  req.url = kept.length > 0 ? `${path}?${kept.join('&')}` : path
  const credential = `${account}/${day}/${region}/${service}/aws4_request`
  req.rawHeaders = [...without(req.rawHeaders, /^authorization$/i), 'Authorization', `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=none`]
}

const presigned = /^X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature|Security-Token|Content-Sha256)=/i

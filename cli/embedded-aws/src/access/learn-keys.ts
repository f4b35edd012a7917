import { sendExchange, type Exchange, type Proxy } from '../proxy.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Key, Keys } from './keys.ts'

/**
 * STS and IAM are ministack's; the keys that they give out open this AWS, too.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_Credentials.html
 */
export const createKeyIssuer = (proxy: Proxy, keys: Keys) => async (req: IncomingMessage, body: Buffer, res: ServerResponse, account: string) => {
  const answer: Exchange = await proxy.exchange(req, body)
  const key = answer.status === 200 ? readKey(answer.body.toString(), account) : undefined
  if (key) await keys.learn(key)
  sendExchange(res, answer)
}

function readKey(answer: string, account: string): Key | undefined {
  const [, accessKeyId] = /<AccessKeyId>([^<]+)</.exec(answer) ?? []
  const [, secretAccessKey] = /<SecretAccessKey>([^<]+)</.exec(answer) ?? []
  if (!accessKeyId || !secretAccessKey) return undefined
  const [, sessionToken] = /<SessionToken>([^<]+)</.exec(answer) ?? []
  const [, other] = /<Arn>arn:aws:sts::(\d{12}):/.exec(answer) ?? []
  return { accessKeyId, secretAccessKey, account: other ?? account, learned: true, ...(sessionToken ? { sessionToken } : {}) }
}

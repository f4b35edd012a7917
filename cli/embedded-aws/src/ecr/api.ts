import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendExchange, type Exchange, type Proxy } from '../proxy.ts'
import type { Scope } from '../records.ts'
import type { Registry, RegistryLogin } from './login.ts'

/** The operations whose answers name the registry. */
export const completed = ['CreateRepository', 'DeleteRepository', 'DescribeRepositories', 'GetAuthorizationToken'] as const

type Options = { proxy: Proxy; login: RegistryLogin; registry: Registry }

/**
 * Amazon ECR is ministack's. The repository's address becomes the gateway's, which a container engine on this machine can
 * push to and pull from, and the login is one that the gateway knows.
 */
export const createEcrApi = ({ proxy, login, registry }: Options) => async (scope: Scope, req: IncomingMessage, body: Buffer, res: ServerResponse): Promise<void> => {
  const answer: Exchange = await proxy.exchange(req, body)
  const { password, expiresAt } = login.issue(scope)
  const text = answer.body
    .toString()
    .replace(/("authorizationToken": ?")[^"]*"/g, `$1${Buffer.from(`AWS:${password}`).toString('base64')}"`)
    .replace(/("expiresAt": ?)[\d.e+]+/g, `$1${expiresAt}`)
    .replace(/https:\/\/\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/g, `http://${registry.address}`)
    .replace(/\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/g, registry.address)
  sendExchange(res, { ...answer, body: Buffer.from(text) })
}

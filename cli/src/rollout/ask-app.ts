import { request, type RequestOptions } from 'node:http'
import { request as requestSecurely } from 'node:https'
import { isIP } from 'node:net'
import { z } from 'zod'
import { interruption } from '../platform/interrupts.ts'

/** Where the app answers. */
export type AppAddress = {
  /** Its address for people, without a path. */
  url: string
  /** The load balancer's own name: the app is asked there, whatever DNS says of the other one. */
  balancer: string | undefined
  healthPath: string
}

/** What an app says of itself, as far as it does. */
export type Version = { version: string | null; tag: string | null; digest: string | null }

/** What it answered: on /version, or if it has none, on the health path; or why there is no answer. */
export type Answer = { version: Version } | { healthStatus: number; path: string } | { nothing: string }

const word = z.string().min(1).nullable().default(null).catch(null)
/** /version of our own app; others may say less. */
const versionSchema = z.looseObject({ version: word, imageTag: word, imageDigest: word })

const patienceMilliseconds = 5000
/** More than any version needs. */
const longestBody = 64 * 1024

/** Asks the app once what it is. */
export async function askApp(address: AppAddress): Promise<Answer> {
  try {
    const { status, body } = await get('/version', address)
    const version = status === 200 ? readVersion(body) : undefined
    if (version) return { version }
    if (status >= 500 && status !== 501) return { nothing: `HTTP ${status} on /version` }
    return { healthStatus: (await get(address.healthPath, address)).status, path: address.healthPath }
  } catch (error) {
    interruption.throwIfAborted()
    const { code, message } = error as { code?: string; message: string }
    return { nothing: code === 'ABORT_ERR' ? `no answer within ${patienceMilliseconds / 1000} s` : (code ?? message) }
  }
}

/** Names an answer in a sentence: `v0 (version 1.0.0, sha256:…)`, `HTTP 503 on /version` … */
export function describeAnswer(answer: Answer): string {
  if ('nothing' in answer) return answer.nothing
  if ('healthStatus' in answer) return `HTTP ${answer.healthStatus} on ${answer.path}, and no /version`
  const { version, tag, digest } = answer.version
  const parts = [version && `version ${version}`, digest].filter(Boolean).join(', ')
  return tag ? `${tag}${parts ? ` (${parts})` : ''}` : parts
}

/** @returns undefined where the body tells nothing that could be compared */
function readVersion(body: string): Version | undefined {
  const { data } = versionSchema.safeParse(parseJson(body))
  if (!data || (!data.version && !data.imageTag && !data.imageDigest)) return undefined
  return { version: data.version, tag: data.imageTag, digest: data.imageDigest }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** How to connect to the load balancer for a URL of the app; its certificate is for the URL's name. */
export function routeTo(target: URL, balancer: string | undefined): RequestOptions & { servername?: string } {
  const via = balancer && URL.canParse(`${target.protocol}//${balancer}`) ? new URL(`${target.protocol}//${balancer}`) : target
  return {
    protocol: target.protocol,
    hostname: via.hostname,
    port: via.port || target.port,
    path: `${target.pathname}${target.search}`,
    ...(isIP(target.hostname) ? {} : { servername: target.hostname }),
  }
}

/** One request on a connection of its own, because each is to reach any of the tasks. */
async function get(path: string, { url, balancer }: AppAddress): Promise<{ status: number; body: string }> {
  const target = new URL(path, url)
  const signal = AbortSignal.any([interruption, AbortSignal.timeout(patienceMilliseconds)])
  const headers = { host: target.host, accept: 'application/json', connection: 'close' }
  const send = target.protocol === 'https:' ? requestSecurely : request
  return new Promise((resolve, reject) => {
    const asked = send({ ...routeTo(target, balancer), headers, agent: false, signal }, (answer) => {
      let body = ''
      const finish = () => {
        resolve({ status: answer.statusCode ?? 0, body })
        asked.destroy()
      }
      answer.setEncoding('utf8').on('data', (text: string) => {
        body += text
        if (body.length > longestBody) finish()
      })
      answer.on('end', finish).on('error', reject)
    })
    asked.on('error', reject).end()
  })
}

import { Agent, request, type IncomingMessage } from 'node:http'
import { Agent as SecureAgent, request as requestSecurely } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'

export type LoadReport = {
  sent: number
  failed: number
  /** What failed how often: `HTTP 502`, `ECONNRESET`, `timeout` … */
  failures: Record<string, number>
  /** Which image tag answered how often. */
  answers: Record<string, number>
  /** Epoch milliseconds of the first and the last failure. */
  firstFailure?: number
  lastFailure?: number
}

export type LoadOptions = {
  /** Asked for /version, which says who answered. */
  url: string
  connections?: number
  perSecond?: number
  timeoutSeconds?: number
}

export type Load = {
  report: () => LoadReport
  /** Sends nothing more. */
  pause: () => void
  stop: () => Promise<LoadReport>
}

const pausedMilliseconds = 100

/**
 * Sends requests over a few keep-alive connections until it is stopped. Each connection waits for its answer before
 * it asks again, as a browser or another service does; a request that fails is not repeated.
 */
export function startLoad({ url, connections = 16, perSecond = 1000, timeoutSeconds = 10 }: LoadOptions): Load {
  const agent = new (url.startsWith('https:') ? SecureAgent : Agent)({ keepAlive: true, maxSockets: connections })
  const report: LoadReport = { sent: 0, failed: 0, failures: {}, answers: {} }
  const pause = (connections * 1000) / perSecond
  let paused = false
  let stopped = false

  const ask = async () => {
    report.sent++
    try {
      const tag = await askOnce(new URL('/version', url), agent, timeoutSeconds)
      report.answers[tag] = (report.answers[tag] ?? 0) + 1
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const reason = code ?? message
      report.failed++
      report.failures[reason] = (report.failures[reason] ?? 0) + 1
      report.firstFailure ??= Date.now()
      report.lastFailure = Date.now()
    }
  }
  const work = async () => {
    let due = performance.now()
    while (!stopped) {
      if (paused) {
        await sleep(pausedMilliseconds)
        continue
      }
      await ask()
      due = Math.max(due + pause, performance.now() - pause)
      const early = due - performance.now()
      if (early >= 1) await sleep(early)
    }
  }
  const workers = Array.from({ length: connections }, work)
  return {
    report: () => report,
    pause: () => void (paused = true),
    stop: async () => {
      stopped = true
      await Promise.all(workers)
      agent.destroy()
      return report
    },
  }
}

/** @returns the image tag of whoever answered */
function askOnce(url: URL, agent: Agent, timeoutSeconds: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { Accept: 'application/json' }
    const asked = (url.protocol === 'https:' ? requestSecurely : request)(url, { agent, headers }, (answer) => {
      readBody(answer).then((body) => {
        if (answer.statusCode !== 200) return reject(new Error(`HTTP ${answer.statusCode}`))
        resolve(/"imageTag":"([^"]*)"/.exec(body)?.[1] ?? 'unknown')
      }, reject)
    })
    const deadline = setTimeout(() => asked.destroy(new Error('timeout')), timeoutSeconds * 1000)
    asked.on('close', () => clearTimeout(deadline))
    asked.on('error', reject)
    asked.end()
  })
}

async function readBody(answer: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of answer.setEncoding('utf8')) body += chunk
  return body
}

import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { CliError } from '../errors.ts'
import { interruption } from '../interrupts.ts'
import type { Say } from '../terminal/terminal.ts'
import type { Diagnosis } from './diagnose.ts'

const versionSchema = z.looseObject({ version: z.string(), imageTag: z.string() })
export type ServedVersion = z.infer<typeof versionSchema>

export type Patience = { timeoutSeconds: number; failed?: AbortSignal | undefined }

/** Several answers in a row, because a load balancer with old and new tasks behind it gives either. */
const answersInARow = 3
const pauseMilliseconds = 500

/**
 * Asks the app itself, through the load balancer, until it answers with the version that was deployed.
 * @param url the load balancer's address, without a path
 * @param patience for how long; `failed` ends it sooner, its reason says why
 * @throws CliError `deploymentFailed`
 */
export async function waitUntilServed(url: string, imageTag: string, patience: Patience, say: Say): Promise<ServedVersion> {
  const { timeoutSeconds, failed } = patience
  const deadline = performance.now() + timeoutSeconds * 1000
  let inARow = 0
  let last = 'no answer yet'
  while (performance.now() < deadline && !failed?.aborted) {
    const answer = await askVersion(url)
    inARow = typeof answer !== 'string' && answer.imageTag === imageTag ? inARow + 1 : 0
    if (inARow === answersInARow && typeof answer !== 'string') return answer
    last = typeof answer === 'string' ? answer : `${answer.imageTag} answers`
    say(last)
    await sleep(inARow > 0 ? 50 : pauseMilliseconds, undefined, { signal: interruption }).catch(() => interruption.throwIfAborted())
  }
  if (failed?.aborted) throw rolloutFailed(imageTag, failed)
  throw new CliError('deploymentFailed', `${url} did not answer with ${imageTag} within ${timeoutSeconds} s.`, {
    fix: "Look at the service's events and the tasks' logs; what served before still serves if the circuit breaker rolled back.",
    cause: `last seen: ${last}`,
  })
}

/** @param failed its reason is a Diagnosis */
export function rolloutFailed(imageTag: string, failed: AbortSignal): CliError {
  return new CliError('deploymentFailed', `The new tasks with ${imageTag} do not serve.`, failed.reason as Diagnosis)
}

/** @returns what /version says, or a sentence on why it says nothing */
async function askVersion(url: string): Promise<ServedVersion | string> {
  try {
    const signal = AbortSignal.any([interruption, AbortSignal.timeout(5000)])
    const response = await fetch(new URL('/version', url), { signal, headers: { accept: 'application/json', connection: 'close' } })
    if (!response.ok) return `HTTP ${response.status}`
    const version = versionSchema.safeParse(await response.json())
    return version.success ? version.data : '/version is not what this project expects: {"version","imageTag"}'
  } catch (cause) {
    interruption.throwIfAborted()
    const { code, message } = ((cause as Error).cause ?? cause) as { code?: string; message: string }
    return code ?? message
  }
}

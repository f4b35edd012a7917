import { CliError } from '../platform/errors.ts'
import { formatSeconds } from '../platform/terminal/format-seconds.ts'
import type { Release } from '../release/release.ts'
import { describeAnswer, type Answer } from './ask-app.ts'
import type { Diagnosis, Evidence } from './diagnose.ts'
import { describeExpiry } from './describe-expiry.ts'
import type { Hold } from './hold.ts'
import type { Proof } from './prove.ts'

/** What became of a deployment. */
export type Outcome =
  | { kind: 'served'; proof: Proof; version: string | null }
  | Failed
  | Held
  /** `missing`: what there is no proof of. `unavailable`: for want of a permission or an output. */
  | { kind: 'unknown'; missing: string[]; cause: string; fix: string; unavailable: boolean; answer: Answer }

/** ECS waits for somebody to decide; `tasks`: how many of the new ones run. */
export type Held = { kind: 'held'; hold: Hold; tasks: number; answer: Answer }

export type Failed = {
  kind: 'failed'
  /** Whether it never served, or crashed after ECS had called it successful. */
  when: 'rollout' | 'after success'
  /** AWS's seconds since the watch began. */
  seconds: number
  diagnosis: Diagnosis
  /** Who ended the deployment; null where nobody has, and ECS goes on. */
  gaveUp: 'fargate-ctl' | 'ECS' | null
  /** What else is to be said of that, in a sentence. */
  ending: string
  /** What of the proof is missing. */
  missing: string[]
  serving: Serving
}

/** What serves now. */
export type Serving = {
  answer: Answer
  /** Tasks that run and that no health check calls unhealthy, of those that should. */
  healthy: number
  desired: number
  /** Where what ECS runs differs from what Terraform's state says; null where it does not. */
  difference: string | null
}

export type Served = Extract<Outcome, { kind: 'served' }>

/** @throws CliError `deploymentFailed`, or `unavailable` where a permission or an output is missing, saying what serves now */
export function requireServed(outcome: Outcome, { tag }: Release): Served {
  if (outcome.kind === 'served') return outcome
  if (outcome.kind === 'failed') {
    const { cause, fix, place } = outcome.diagnosis
    throw new CliError('deploymentFailed', causeInFirstLine(outcome), { fix, cause, report: formatFailure(outcome), place: place ?? undefined })
  }
  if (outcome.kind === 'held') {
    throw new CliError('deploymentFailed', `ECS holds the deployment of ${tag}; ${describeExpiry(outcome.hold)}.`, {
      fix: 'Decide it: `fargate-ctl continue`, or `fargate-ctl rollback`.',
      cause: `now at the load balancer: ${describeAnswer(outcome.answer)}`,
    })
  }
  const { missing, cause, fix, unavailable, answer } = outcome
  throw new CliError(unavailable ? 'unavailable' : 'deploymentFailed', `Terraform has applied, but it is not known whether ${tag} serves.`, {
    fix,
    cause: [cause, ...missing.map((each) => `not proved: ${each}`), `now at the load balancer: ${describeAnswer(answer)}`].join('\n'),
  })
}

const causeInFirstLine = ({ when, diagnosis }: Failed) => `${when === 'after success' ? 'Crashed after it was successful: ' : ''}${diagnosis.cause}`

/** The three lines that say everything, and below them what they rest on. */
export function formatFailure(failed: Failed): string {
  const { seconds, diagnosis, serving } = failed
  const lines = [
    `FAILED after ${formatSeconds(seconds).replace('.0 s', ' s')}: ${causeInFirstLine(failed)}`,
    `Do: ${diagnosis.fix}`,
    `Serving: ${describeServing(serving)}`,
    '',
    ...formatEvidence(failed),
  ]
  return lines.join('\n')
}

function describeServing({ answer, healthy, desired, difference }: Serving): string {
  const who = 'nothing' in answer ? `nothing that answers (${answer.nothing})` : describeAnswer(answer)
  return `${who} on ${healthy} of ${desired} healthy tasks${difference ? `; ${difference}` : ''}`
}

function formatEvidence({ diagnosis: { evidence, known }, ending, missing }: Failed): string[] {
  const { exitCode, exitMeaning, container, containerReason, tasks, log, noLog, events } = evidence
  const rows: [string, string | null][] = [
    ['deployment', describeDeployment(evidence)],
    ['gave up', ending],
    ['stop code', evidence.stopCode],
    ['reason', evidence.stoppedReason],
    ['exit code', exitCode === null ? null : `${exitCode}${exitMeaning ? ` (${exitMeaning})` : ''}`],
    ['container', container && [container, containerReason].filter(Boolean).join(': ')],
    ['tasks', tasks.length > 0 ? `${tasks.length} ended like this: ${tasks.map((arn) => arn.split('/').at(-1)?.slice(0, 8)).join(', ')}` : null],
    ['target', evidence.target],
    ...missing.map((each): [string, string] => ['not proved', each]),
    ['log', noLog],
  ]
  return [
    ...(known ? [] : ['What AWS shows, of which no known cause was recognised:']),
    ...rows.flatMap(([name, value]) => (value ? `  ${name.padEnd(10)}  ${value}` : [])),
    ...(log.length > 0 ? ['  last lines of the log:', ...log.map((line) => `    ${line}`)] : []),
    ...(events.length > 0 ? ['  events:', ...events.slice(-10).map((text) => `    ${text}`)] : []),
    `  ${'on AWS'.padEnd(10)}  ${evidence.console}`,
  ]
}

function describeDeployment({ deployment, status, statusReason }: Evidence): string | null {
  if (!status) return null
  return `${deployment?.split('/').at(-1) ?? ''} ${status}${statusReason ? `: ${statusReason}` : ''}`.trim()
}

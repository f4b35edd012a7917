import { CliError } from '../platform/errors.ts'
import type { Release } from '../release/release.ts'
import { describeAnswer, type Answer } from './ask-app.ts'
import type { Diagnosis } from './diagnose.ts'
import type { Proof } from './prove.ts'

/** What became of a deployment. */
export type Outcome =
  | { kind: 'served'; proof: Proof; version: string | null }
  /** `what` went wrong, in a sentence. */
  | { kind: 'failed'; what: string; diagnosis: Diagnosis; answer: Answer }
  /** `missing`: what there is no proof of. `unavailable`: for want of a permission or an output. */
  | { kind: 'unknown'; missing: string[]; cause: string; fix: string; unavailable: boolean; answer: Answer }

export type Served = Extract<Outcome, { kind: 'served' }>

/** @throws CliError `deploymentFailed`, or `unavailable` where a permission or an output is missing, saying what serves now */
export function requireServed(outcome: Outcome, { tag }: Release): Served {
  if (outcome.kind === 'served') return outcome
  const now = `now at the load balancer: ${describeAnswer(outcome.answer)}`
  if (outcome.kind === 'failed') {
    const { cause, fix } = outcome.diagnosis
    throw new CliError('deploymentFailed', outcome.what, { fix, cause: [cause, now].filter(Boolean).join('\n') })
  }
  const { missing, cause, fix, unavailable } = outcome
  throw new CliError(unavailable ? 'unavailable' : 'deploymentFailed', `Terraform has applied, but it is not known whether ${tag} serves.`, {
    fix,
    cause: [cause, ...missing.map((each) => `not proved: ${each}`), now].join('\n'),
  })
}

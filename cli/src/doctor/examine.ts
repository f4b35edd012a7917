import { isDenied } from '../platform/aws/client.ts'
import { CliError, describeCause } from '../platform/errors.ts'
import { throwIfInterrupted } from '../platform/interrupts.ts'
import { Skipped, type Check, type Group, type Result, type Verdict } from './check.ts'
import type { Facts } from './facts.ts'

/**
 * Runs every check, all side by side.
 * @param isChosen which of them; all by default
 * @throws only the interruption's reason
 */
export async function examine(groups: Group[], facts: Facts, isChosen: (check: Check) => boolean = () => true): Promise<Result[]> {
  const chosen = groups.flatMap((group) => group.checks.map((check) => ({ group: group.name, check })))
  const results = await Promise.all(
    chosen
      .filter(({ check }) => isChosen(check))
      .map(async ({ group, check: { name, neededBy, look } }) => {
        const verdict = await Promise.resolve(facts).then(look).catch(judgeError)
        return { group, name, neededBy, ...verdict }
      }),
  )
  throwIfInterrupted()
  return results
}

/** What was not allowed to be looked at is unknown, and so is what went wrong in a way that nobody foresaw. */
function judgeError(error: unknown): Verdict & Pick<Result, 'isUnseen'> {
  if (error instanceof Skipped) return { status: 'skip', value: error.message }
  if (!(error instanceof CliError)) return { status: 'unknown', value: describeCause(error) ?? 'for no reason that is known' }
  const { message, fix, cause } = error
  if (isDenied(cause)) return { status: 'unknown', value: message, fix, isUnseen: true }
  const told = describeCause(cause)
  return { status: 'fail', value: told && !message.includes(told) ? `${message} ${told}` : message, fix, isUnseen: true }
}

import type { Changes } from '../terraform/changes.ts'
import type { Usual } from '../terraform/progress.ts'
import { isProved, type Receipt } from './receipt/receipt.ts'

/** As many say what is usual; what was long ago says little. */
const counted = 5

/**
 * How long a stage took in the last deployments that changed as much and were proved.
 * @param receipts newest first
 * @returns the median; undefined where there was none
 */
export function usualSeconds(receipts: Receipt[], changes: Changes, stage: string): number | undefined {
  const alike = receipts.filter((receipt) => isProved(receipt) && sizeOf(receipt.changes) === sizeOf(changes))
  return median(alike.slice(0, counted).flatMap(({ stages }) => stages.findLast(({ name }) => name === stage)?.seconds ?? []))
}

/** The same of an apply, and of every resource that was slow, in whatever deployment. */
export function usualApply(receipts: Receipt[], changes: Changes, stage: string): Usual {
  const proved = receipts.filter(isProved)
  const of = (address: string) => median(proved.flatMap(({ slow = [] }) => slow.filter((each) => each.address === address).map(({ seconds }) => seconds)).slice(0, counted))
  return { all: usualSeconds(receipts, changes, stage), of }
}

const sizeOf = ({ create, update, replace, destroy }: Changes) => [create, update, replace, destroy].map(({ length }) => length).join()

function median(numbers: number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

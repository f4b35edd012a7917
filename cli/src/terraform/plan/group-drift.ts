import type { Difference } from './differences.ts'
import type { ResourceChange } from './read-plan.ts'

/** The same change made outside Terraform, to one resource or to several. */
export type DriftGroup = { addresses: string[]; deleted: boolean; differences: Difference[] }

/** Puts resources together that were changed in the same way; deleted ones first, then the most frequent. */
export function groupDrift(drift: ResourceChange[]): DriftGroup[] {
  const groups = Map.groupBy(drift, ({ action, differences }) => JSON.stringify([action === 'destroy', differences]))
  return [...groups.values()]
    .map((alike) => ({
      addresses: alike.map(({ address }) => address),
      deleted: alike[0]?.action === 'destroy',
      differences: alike[0]?.differences ?? [],
    }))
    .sort((a, b) => Number(b.deleted) - Number(a.deleted) || b.addresses.length - a.addresses.length)
}

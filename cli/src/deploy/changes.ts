import type { Plan } from '../tools/terraform.ts'

/** How many resources a plan touches; with their addresses, in the order in which they are shown. */
export type Changes = Record<'create' | 'update' | 'replace' | 'destroy', string[]>

/** Sorts a plan's resource changes; reading data and doing nothing are no changes. */
export function readChanges(plan: Plan): Changes {
  const changes: Changes = { create: [], update: [], replace: [], destroy: [] }
  for (const { address, change } of plan.resource_changes) {
    const kind = kindOf(change.actions)
    if (kind) changes[kind].push(address)
  }
  return changes
}

function kindOf(actions: string[]): keyof Changes | undefined {
  const [first] = actions
  if (actions.length === 2) return 'replace'
  if (first === 'create' || first === 'update') return first
  if (first === 'delete') return 'destroy'
  return undefined
}

/** @returns the same, as numbers */
export function countChanges(changes: Changes): Record<keyof Changes, number> {
  const { create, update, replace, destroy } = changes
  return { create: create.length, update: update.length, replace: replace.length, destroy: destroy.length }
}

export function isEmpty(changes: Changes): boolean {
  return Object.values(changes).every((addresses) => addresses.length === 0)
}

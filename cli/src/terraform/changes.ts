import type { Plan } from './terraform.ts'

/** How many resources a plan touches; with their addresses, in the order in which they are shown. */
export type Changes = Record<'create' | 'update' | 'replace' | 'destroy', string[]>

const kinds: Record<string, keyof Changes | undefined> = { create: 'create', update: 'update', replace: 'replace', delete: 'destroy' }

/** Sorts a plan's changes of resources; what changes only the state, as a move does, is none. */
export function readChanges(plan: Plan): Changes {
  const changes: Changes = { create: [], update: [], replace: [], destroy: [] }
  for (const { address, action } of plan.changes) {
    const kind = kinds[action]
    if (kind) changes[kind].push(address)
  }
  return changes
}

/** @returns the same, as numbers */
export function countChanges(changes: Changes): Record<keyof Changes, number> {
  const { create, update, replace, destroy } = changes
  return { create: create.length, update: update.length, replace: replace.length, destroy: destroy.length }
}

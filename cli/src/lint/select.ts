import { CliError } from '../platform/errors.ts'
import { findNearest } from '../platform/nearest.ts'
import type { Linter } from './linter.ts'

/**
 * The linters to run.
 * @param only names; empty for all
 * @throws CliError `usage` for a name that no linter has, and for skipping one that is never optional
 */
export function selectLinters(all: readonly Linter[], only: readonly string[], skip: readonly string[]): Linter[] {
  const names = all.map(({ name }) => name)
  for (const name of [...only, ...skip]) {
    if (names.includes(name)) continue
    const nearest = findNearest(name, names)
    throw new CliError('usage', `There is no linter ${name}.`, {
      fix: nearest ? `Did you mean ${nearest}?` : `The linters are ${names.join(', ')}.`,
    })
  }
  const mandatory = all.filter(({ mandatory, name }) => mandatory && skip.includes(name)).map(({ name }) => name)
  if (mandatory.length > 0) {
    throw new CliError('usage', `${mandatory.join(' and ')} may not be skipped: a report without it would look safer than it is.`, {
      fix: 'Run `npm run setup -- --for lint` to install it, or run the others alone with --only.',
    })
  }
  return all.filter(({ name }) => (only.length === 0 || only.includes(name)) && !skip.includes(name))
}

import type { Terminal } from '../platform/terminal/terminal.ts'
import type { Changes } from '../terraform/changes.ts'

const signs = { create: '+', update: '~', replace: '±', destroy: '-' } as const
/** A first deployment creates dozens of resources: their number says more than their list. */
const longList = 12

/**
 * Prints what a plan does; what is destroyed or replaced is always listed whole, and in red.
 * @param isEmpty whether applying it would change nothing at all
 */
export function printChanges(changes: Changes, isEmpty: boolean, terminal: Terminal): void {
  const { green, yellow, red, bold } = terminal.colors
  const paint = { create: green, update: yellow, replace: red, destroy: red }
  if (isEmpty) return terminal.note('  No changes: the infrastructure is as described.')
  if (Object.values(changes).every(({ length }) => length === 0)) terminal.note('  No resource changes; outputs or the state do.')
  for (const kind of ['create', 'update', 'replace', 'destroy'] as const) {
    const addresses = changes[kind]
    if (addresses.length === 0) continue
    terminal.note(`  ${paint[kind](bold(`${signs[kind]} ${kind} ${addresses.length}`))}`)
    const whole = kind === 'destroy' || kind === 'replace' || addresses.length <= longList || terminal.verbose
    if (whole) for (const address of addresses) terminal.note(`    ${paint[kind](address)}`)
  }
  if (changes.destroy.length > 0) {
    terminal.warn(`${changes.destroy.length} resource(s) will be DESTROYED: ${changes.destroy.join(', ')}`)
  }
}

import { CliError } from '../platform/errors.ts'
import { ask } from '../platform/terminal/ask.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import type { Changes } from '../terraform/changes.ts'

/**
 * Asks for a "yes" on the terminal.
 * @throws CliError `usage` when the answer is anything else, `interrupted` on Ctrl-C; nothing has been changed then
 */
export async function approve(changes: Changes, terminal: Terminal): Promise<void> {
  const lost = changes.destroy.length + changes.replace.length
  const question = lost > 0 ? `Apply, destroying or replacing ${lost}?` : 'Apply?'
  const answer = await ask(`${terminal.colors.bold(question)} Only "yes" is a yes: `)
  if (answer !== 'yes') throw new CliError('usage', 'Not approved; nothing was changed.')
}

import { createInterface } from 'node:readline/promises'
import { CliError } from '../errors.ts'
import { interruption } from '../interrupts.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { Changes } from './changes.ts'

/**
 * Asks for a "yes" on the terminal.
 * @throws CliError `usage` when the answer is anything else; nothing has been changed then
 */
export async function approve(changes: Changes, terminal: Terminal): Promise<void> {
  const lost = changes.destroy.length + changes.replace.length
  const question = lost > 0 ? `Apply, destroying or replacing ${lost}?` : 'Apply?'
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await prompt.question(`${terminal.colors.bold(question)} Only "yes" is a yes: `, { signal: interruption })
    if (answer.trim() !== 'yes') throw new CliError('usage', 'Not approved; nothing was changed.')
  } catch (error) {
    interruption.throwIfAborted()
    throw error
  } finally {
    prompt.close()
  }
}

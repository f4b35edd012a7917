import { createInterface } from 'node:readline/promises'
import { CliError } from '../platform/errors.ts'
import { interruption } from '../platform/interrupts.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import type { Changes } from '../terraform/changes.ts'

/**
 * Asks for a "yes" on the terminal.
 * @throws CliError `usage` when the answer is anything else, `interrupted` on Ctrl-C; nothing has been changed then
 */
export async function approve(changes: Changes, terminal: Terminal): Promise<void> {
  const lost = changes.destroy.length + changes.replace.length
  const question = lost > 0 ? `Apply, destroying or replacing ${lost}?` : 'Apply?'
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  // The prompt takes Ctrl-C from the terminal as a key, so that no signal arrives.
  prompt.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  const closed = new Promise<string>((resolve) => prompt.once('close', () => resolve('')))
  try {
    const asked = prompt.question(`${terminal.colors.bold(question)} Only "yes" is a yes: `, { signal: interruption })
    const answer = await Promise.race([asked, closed])
    interruption.throwIfAborted()
    if (answer.trim() !== 'yes') throw new CliError('usage', 'Not approved; nothing was changed.')
  } catch (error) {
    interruption.throwIfAborted()
    throw error
  } finally {
    prompt.close()
  }
}

import { createInterface } from 'node:readline/promises'
import { interruption } from '../interrupts.ts'

/**
 * Asks a question on the terminal.
 * @returns the answer, empty where the input was closed
 * @throws the interruption's reason on Ctrl-C
 */
export async function ask(question: string): Promise<string> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  // The prompt takes Ctrl-C from the terminal as a key, so that no signal arrives.
  prompt.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  const closed = new Promise<string>((resolve) => prompt.once('close', () => resolve('')))
  try {
    const answer = await Promise.race([prompt.question(question, { signal: interruption }), closed])
    interruption.throwIfAborted()
    return answer.trim()
  } catch (error) {
    interruption.throwIfAborted()
    throw error
  } finally {
    prompt.close()
  }
}

import { CommanderError } from 'commander'
import { CliError, exitCodes } from './errors.ts'
import { watchInterrupts } from './interrupts.ts'
import { createProgram, version } from './program.ts'
import { createTerminal, type TerminalOptions } from './terminal/terminal.ts'

const program = createProgram()

watchInterrupts((sentence) => process.stderr.write(`${sentence}\n`))
try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

/** The only place that prints an error. @returns the exit code */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  const terminal = createTerminal(program.opts<TerminalOptions>())
  if (error instanceof CliError) {
    terminal.error(error)
    return error.exitCode
  }
  process.stderr.write(`fargate-ctl ${version} met a bug of its own, please report it with these lines:\n`)
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  return exitCodes.bug
}

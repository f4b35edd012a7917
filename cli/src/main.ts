import { CommanderError } from 'commander'
import { CliError, exitCodes } from './platform/errors.ts'
import { watchInterrupts } from './platform/interrupts.ts'
import { createProgram, version } from './program.ts'
import { redact } from './platform/terminal/secrets.ts'
import { createTerminal, type TerminalOptions } from './platform/terminal/terminal.ts'

const program = createProgram()

// Who reads the output may be gone (`| head`, a closed terminal) while terraform still has a state to save.
process.stderr.on('error', () => {})
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return
  process.stderr.write(`error: The result could not be written to standard output.\n  cause: ${error.message}\n  fix: Make room where it goes, and run the same command again: what it has done stays done.\n`)
  process.exitCode ||= exitCodes.unavailable
})
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
  const { stack = '' } = error instanceof Error ? error : {}
  process.stderr.write(`error: fargate-ctl ${version} met a bug of its own: ${redact(String(error))}\n`)
  if (terminal.verbose) process.stderr.write(`${redact(stack)}\n`)
  const what = terminal.verbose ? 'the lines above' : 'what the same command prints with --verbose'
  process.stderr.write(`  fix: Report it to the maintainers of this project, with ${what}.\n`)
  return exitCodes.bug
}

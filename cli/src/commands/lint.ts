import type { Command } from 'commander'
import { createTerminal, type TerminalOptions } from '../terminal/terminal.ts'

export function registerLint(program: Command): void {
  program
    .command('lint')
    .description('run every linter and scanner side by side and print one report')
    .action(async (_options, command: Command) => {
      createTerminal(command.optsWithGlobals<TerminalOptions>()).note('')
    })
}

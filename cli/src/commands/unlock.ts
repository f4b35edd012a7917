import type { Command } from 'commander'
import { findProject } from '../platform/project.ts'
import { createTerminal, type TerminalOptions } from '../platform/terminal/terminal.ts'

export function registerUnlock(program: Command): void {
  program
    .command('unlock')
    .description("say who holds the state's lock, and whether they still run; with its id, take it away")
    .argument('[lock-id]', 'the lock to take away; without it, nothing is changed')
    .addHelpText('after', `
Exit codes: 0 not locked, or unlocked; 2 that is not the lock; 4 the lock cannot be read; 6 it is locked, and stays so.

Examples:
  $ fargate-ctl unlock
  $ fargate-ctl unlock 6e5b7c4e-3f2a-11ef-9d1c-0242ac120002`)
    .action(async (lockId: string | undefined, _options, command: Command) => {
      const terminal = createTerminal(command.optsWithGlobals<TerminalOptions>())
      const [{ unlock }, { requireSettings }] = await Promise.all([
        import('../operations/unlock.ts'),
        import('../terraform/settings/check-settings.ts'),
      ])
      const project = findProject()
      await unlock(project, await requireSettings(project, terminal), lockId, terminal)
    })
}

import type { Command } from 'commander'
import type { AdoptFlags } from '../operations/adopt.ts'
import { findProject } from '../platform/project.ts'
import { createTerminal, type TerminalOptions } from '../platform/terminal/terminal.ts'
import { readSeconds } from './options.ts'

export function registerAdopt(program: Command): void {
  program
    .command('adopt')
    .description('take over what a killed apply has made and not saved, so that the next one does not make it twice')
    .option('--auto-approve', 'do not ask; needed without a terminal', false)
    .option('--lock-wait <seconds>', 'wait so long for a state that somebody else has locked (default: not at all)', readSeconds)
    .addHelpText('after', `
It is found by the tags of this environment, or by the name of what Terraform plans to create.

Exit codes: 0 done, or nothing is left; 2 not approved; 4 out of reach; 6 the state is locked.

Examples:
  $ fargate-ctl adopt
  $ fargate-ctl adopt --auto-approve --json`)
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<AdoptFlags & TerminalOptions>()
      const terminal = createTerminal(flags)
      const [{ adopt }, { requireSettings }] = await Promise.all([
        import('../operations/adopt.ts'),
        import('../terraform/settings/check-settings.ts'),
      ])
      const project = findProject()
      await adopt(project, await requireSettings(project, terminal), flags, terminal)
    })
}

import type { Command } from 'commander'
import { findProject } from '../platform/project.ts'
import { createTerminal, type TerminalOptions } from '../platform/terminal/terminal.ts'

export function registerDestroy(program: Command): void {
  program
    .command('destroy')
    .description("destroy what Terraform has made, after its environment's name was typed; images and state are kept")
    .option('--confirm <name>', 'the name of the environment, instead of typing it')
    .addHelpText('after', `
Exit codes: 0 destroyed; 2 not confirmed, or protected: nothing was touched; 4 out of reach; 5 the apply failed;
6 the state is locked.

Examples:
  $ fargate-ctl destroy
  $ fargate-ctl destroy --confirm dev --json`)
    .action(async (_options, command: Command) => {
      const { confirm, ...flags } = command.optsWithGlobals<TerminalOptions & { confirm?: string }>()
      const terminal = createTerminal(flags)
      const [{ destroy }, { requireSettings }] = await Promise.all([
        import('../operations/destroy.ts'),
        import('../terraform/settings/check-settings.ts'),
      ])
      const project = findProject()
      await destroy(project, await requireSettings(project, terminal), confirm, terminal)
    })
}

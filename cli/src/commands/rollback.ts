import type { Command } from 'commander'
import { findProject } from '../platform/project.ts'
import { createTerminal, type TerminalOptions } from '../platform/terminal/terminal.ts'
import type { RolloutFlags } from '../rollout/deploy.ts'
import { printDeployment } from './deploy.ts'
import { addRolloutOptions } from './options.ts'

export function registerRollback(program: Command): void {
  const command = program
    .command('rollback [id]')
    .description('deploy the last version again that was proved, or that of a receipt: by digest, through Terraform, and proved')
  addRolloutOptions(command)
    .addHelpText('after', `
Examples:
  $ fargate-ctl rollback
  $ fargate-ctl rollback 1f0c3a5b --plan-only
  $ fargate-ctl rollback 12 --auto-approve           the receipt with this number in the history`)
    .action(async (asked: string | undefined, _options, command: Command) => {
      const flags = command.optsWithGlobals<RolloutFlags & TerminalOptions>()
      const terminal = createTerminal(flags)
      const [{ rollback }, { refusedToDeploy, requireSettings }] = await Promise.all([
        import('../rollout/rollback.ts'),
        import('../terraform/settings/check-settings.ts'),
      ])
      const project = findProject()
      const settings = await requireSettings(project, terminal, refusedToDeploy)
      const result = await rollback(project, settings, asked, flags, terminal)
      printDeployment(result, terminal)
      terminal.printJson(result)
    })
}

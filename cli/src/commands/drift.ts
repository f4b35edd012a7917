import type { Command } from 'commander'
import { exitCodes } from '../platform/errors.ts'
import { findProject } from '../platform/project.ts'
import { createTerminal, type TerminalOptions } from '../platform/terminal/terminal.ts'

export function registerDrift(program: Command): void {
  program
    .command('drift')
    .description('show what was changed outside Terraform; exit code 10 when something was')
    .addHelpText('after', '\nExamples:\n  $ fargate-ctl drift\n  $ fargate-ctl drift --json')
    .action(async (_options, command: Command) => {
      const terminal = createTerminal(command.optsWithGlobals<TerminalOptions>())
      const [{ findDrift }, { formatDrift }, { requireSettings }] = await Promise.all([
        import('../rollout/drift.ts'),
        import('../rollout/review/pretty.ts'),
        import('../terraform/settings/check-settings.ts'),
      ])
      const project = findProject()
      const { groups } = await findDrift(project, await requireSettings(project, terminal), terminal)
      const count = groups.reduce((sum, { addresses }) => sum + addresses.length, 0)
      const verdict = count === 0 ? 'No drift: what is there is what Terraform knows.' : `${count} ${count === 1 ? 'resource was' : 'resources were'} changed outside Terraform:`
      terminal.print([terminal.outColors.bold(verdict), ...formatDrift(groups, terminal.outColors).map((line) => `  ${line}`)].join('\n'))
      if (count > 0) terminal.note('  `fargate-ctl plan` shows what an apply would change back; what is to stay goes into infrastructure/.')
      terminal.printJson({ drift: groups })
      if (count > 0) process.exitCode = exitCodes.changes
    })
}

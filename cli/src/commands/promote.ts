import type { Command } from 'commander'
import type { PromoteFlags } from '../operations/promote.ts'
import { CliError } from '../platform/errors.ts'
import { findProject, inEnvironment } from '../platform/project.ts'
import { createTerminal, type TerminalOptions } from '../platform/terminal/terminal.ts'
import { printDeployment } from './deploy.ts'
import { addRolloutOptions, holdOption, readTag } from './options.ts'

type Flags = PromoteFlags & TerminalOptions & { from: string; to: string }

export function registerPromote(program: Command): void {
  const command = program
    .command('promote')
    .description('deploy to one environment the image that is proved in another: the same digest, copied and not built')
    .requiredOption('--from <env>', 'the environment whose last receipt proves the image')
    .requiredOption('--to <env>', 'the environment to deploy it to')
    .option('--receipt <id>', 'another receipt than the last one; it has to say proved')
    .option('--tag <tag>', 'what the image is called there (default: as it is here)', readTag)
  addRolloutOptions(command)
    .addOption(holdOption())
    .addHelpText('after', `
Exit codes: those of deploy; 2 also where nothing is proved that could be promoted.

Examples:
  $ fargate-ctl promote --from staging --to prod
  $ fargate-ctl promote --from staging --to prod --plan-only
  $ fargate-ctl promote --from staging --to prod --receipt 1f0c3a5b --auto-approve --json`)
    .action(async (_options, command: Command) => {
      const { from, to, ...flags } = command.optsWithGlobals<Flags>()
      if (from === to) throw new CliError('usage', `--from ${from} --to ${to}: that is the same environment.`, { fix: 'To deploy it there again: fargate-ctl rollback <id of its receipt>' })
      const terminal = createTerminal(flags)
      const { promote } = await import('../operations/promote.ts')
      const project = findProject()
      const environment = (name: string) => ({ name, project: inEnvironment(project, name) })
      const result = await promote(environment(from), environment(to), flags, terminal)
      printDeployment(result, terminal)
      terminal.printJson(result)
    })
}

import type { Command } from 'commander'
import { CliError } from '../platform/errors.ts'
import { findProject } from '../platform/project.ts'
import { createTerminal, type TerminalOptions } from '../platform/terminal/terminal.ts'
import { readTask } from './options.ts'

export function registerExec(program: Command): void {
  program
    .command('exec')
    .description("open a session in a running task's container; says what is missing where it cannot be")
    .argument('[command...]', 'what to run there, after -- (default: /bin/sh, which an image from scratch does not have)')
    .option('--task <id>', 'the task; the beginning of its id is enough (default: the newest)', readTask)
    .addHelpText('after', `
Exit codes: the session's own; 4 something that it needs is missing.

Examples:
  $ fargate-ctl exec
  $ fargate-ctl exec --task 1f32cba2 -- node`)
    .action(async (words: string[], _options, command: Command) => {
      const flags = command.optsWithGlobals<TerminalOptions & { task?: string }>()
      const terminal = createTerminal(flags)
      const [{ openDeployedService }, { exec }] = await Promise.all([
        import('../operations/open-service.ts'),
        import('../operations/exec.ts'),
      ])
      const deployed = await openDeployedService(findProject(), terminal)
      const exitCode = await exec(deployed, { task: flags.task ?? '', command: words.length > 0 ? words : ['/bin/sh'] }, terminal)
      if (exitCode !== 0) throw new CliError('unavailable', `The session ended with exit code ${exitCode}.`, { exitCode })
    })
}

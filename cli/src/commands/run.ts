import type { Command } from 'commander'
import { CliError } from '../platform/errors.ts'
import { findProject } from '../platform/project.ts'
import { createTerminal, type TerminalOptions } from '../platform/terminal/terminal.ts'
import { readSeconds } from './options.ts'

export function registerRun(program: Command): void {
  program
    .command('run')
    .description('run a command in a task of its own, with the image, network and roles of the service')
    .argument('<command...>', 'the program and its arguments, after --; no shell reads them')
    .option('--timeout <seconds>', 'stop it after that time', readSeconds, 3600)
    .addHelpText('after', `
What it writes goes to stdout, with --json to stderr.

Exit codes: the command's own; without one 4 (nothing is deployed, or out of reach), 5 (its task did not start, or took
too long), 130 (interrupted: the task is stopped).

Examples:
  $ fargate-ctl run -- node migrate.js
  $ fargate-ctl run --timeout 60 -- node -e 'console.log(process.env.APP_ENV)'`)
    .action(async (words: string[], _options, command: Command) => {
      const flags = command.optsWithGlobals<TerminalOptions & { timeout: number }>()
      const terminal = createTerminal(flags)
      const [{ openDeployedService }, { runOneOff }] = await Promise.all([
        import('../operations/open-service.ts'),
        import('../operations/one-off.ts'),
      ])
      const deployed = await openDeployedService(findProject(), terminal)
      const onLine = (line: string) => (flags.json ? terminal.note(line) : terminal.print(line))
      const result = await runOneOff(deployed, { command: words, timeoutSeconds: flags.timeout, onLine }, terminal)
      terminal.printJson(result)
      if (result.exitCode === 0) return
      throw new CliError('deploymentFailed', `The command ended with exit code ${result.exitCode}.`, { exitCode: result.exitCode, cause: result.end })
    })
}

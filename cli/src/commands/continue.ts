import type { Command } from 'commander'
import { findProject } from '../platform/project.ts'
import { createTerminal, type TerminalOptions } from '../platform/terminal/terminal.ts'
import type { WatchFlags } from '../rollout/deploy.ts'
import { printDeployment } from './deploy.ts'
import { addWatchOptions } from './options.ts'

export function registerContinue(program: Command): void {
  addWatchOptions(program.command('continue'))
    .description('let the deployment go on that `deploy --hold` has stopped, from whatever machine, and wait for the proof')
    .addHelpText('after', `
Exit codes: 0 proved; 2 nothing is held; 4 out of reach; 5 the deployment failed.

Examples:
  $ fargate-ctl continue
  $ fargate-ctl continue --json | jq .proof`)
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<WatchFlags & TerminalOptions>()
      const terminal = createTerminal(flags)
      const [{ continueHeld }, { requireSettings }] = await Promise.all([
        import('../rollout/continue.ts'),
        import('../terraform/settings/check-settings.ts'),
      ])
      const project = findProject()
      const result = await continueHeld(project, await requireSettings(project, terminal), flags, terminal)
      printDeployment(result, terminal)
      terminal.printJson(result)
    })
}

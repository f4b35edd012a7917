import type { Command } from 'commander'
import { CliError } from '../errors.ts'
import { findProject } from '../project.ts'
import type { RehearseFlags, RehearseResult } from '../rehearsal/rehearse.ts'
import { createTerminal, formatSeconds, type Terminal, type TerminalOptions } from '../terminal/terminal.ts'
import { engineOption } from './build.ts'
import { printDeployment } from './deploy.ts'

type Flags = RehearseFlags & TerminalOptions & { down: boolean; printEnv: boolean }

export function registerRehearse(program: Command): void {
  program
    .command('rehearse')
    .description('build and deploy on this machine, against an embedded AWS; no account needed')
    .option('--once', 'stop everything at the end', false)
    .option('--down', 'stop the rehearsal and remove what it made', false)
    .option('--print-env', 'print the variables that point terraform, an SDK or the aws CLI at it', false)
    .addOption(engineOption())
    .addHelpText('after', `
Examples:
  $ fargate-ctl rehearse
  $ eval "$(fargate-ctl rehearse --print-env)" && aws ecs list-services --cluster webapp-dev
  $ fargate-ctl rehearse --down`)
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<Flags>()
      const terminal = createTerminal(flags)
      const { rehearse, takeDown, readRehearsalVariables } = await import('../rehearsal/rehearse.ts')
      const project = findProject()
      if (flags.down) return takeDown(project, flags.engine, terminal)
      if (flags.printEnv) return printVariables(await readRehearsalVariables(project), terminal)
      try {
        const result = await rehearse(project, { ...flags, timeout: 300 }, terminal)
        printRehearsal(result, flags.once, terminal)
        terminal.printJson(result)
      } finally {
        if (flags.once) await takeDown(project, flags.engine, terminal)
      }
    })
}

function printVariables(variables: Record<string, string> | undefined, terminal: Terminal): void {
  if (!variables) throw new CliError('unavailable', 'No rehearsal is running.', { fix: 'Start one with `fargate-ctl rehearse`.' })
  for (const [name, value] of Object.entries(variables)) terminal.print(`export ${name}='${value.replaceAll("'", `'\\''`)}'`)
  terminal.printJson(variables)
}

function printRehearsal(result: RehearseResult, once: boolean, terminal: Terminal): void {
  const { dim } = terminal.outColors
  const total = result.steps.reduce((sum, { seconds }) => sum + seconds, 0)
  printDeployment(result, terminal)
  terminal.print(`  ${dim('engine  ')} ${result.engine}`)
  terminal.print(`  ${dim('time    ')} ${formatSeconds(total)}`)
  terminal.print(dim('  This was a rehearsal on an embedded AWS; no account was touched.'))
  if (result.standIns) {
    terminal.print(dim('  The Terraform registry is out of reach: stand-ins took the place of the vpc, alb and ecs modules.'))
  }
  if (!once) terminal.print(dim('  It goes on until `npm run rehearse -- --down`.'))
}

import { InvalidArgumentError, Option, type Command } from 'commander'
import { CliError } from '../platform/errors.ts'
import { findProject, type Project } from '../platform/project.ts'
import type { Environment } from '../rehearsal/embedded-aws.ts'
import { withoutIsolation } from '../rehearsal/isolation.ts'
import type { RehearseFlags, RehearseResult } from '../rehearsal/rehearse.ts'
import { formatSeconds } from '../platform/terminal/format-seconds.ts'
import { createTerminal, type Terminal, type TerminalOptions } from '../platform/terminal/terminal.ts'
import { printDeployment } from './deploy.ts'
import { addSourceOptions, engineOption } from './options.ts'

type Asked = { down: boolean; printEnv: boolean; list: boolean; scenario?: string; requests: number }
type Flags = RehearseFlags & TerminalOptions & Asked

/** Seconds that the app may take to answer. */
const timeout = 300

export function registerRehearse(program: Command): void {
  const command = program
    .command('rehearse')
    .description('build and deploy on this machine, against an embedded AWS; no account needed')
    .option('--once', 'stop everything at the end', false)
    .option('--down', 'stop the rehearsal and remove what it made', false)
    .option('--print-env', 'print the variables that point terraform, an SDK or the aws CLI at it', false)
    .option('--scenario <names>', 'then cause this fault under load and check what happens; several: a,b; `all`: every one')
    .option('--list', 'print the scenarios, each with what should happen', false)
    .option('--speed <n>', "run this many times faster than real time", readPositive, 1)
    .option('--requests <n>', 'with --scenario: send at least so many requests', readPositive, 0)
  addSourceOptions(command)
    .addOption(new Option('--modules <dir>', 'take the Terraform modules from the git checkouts in this folder').env('FARGATE_CTL_MODULES'))
    .addOption(engineOption())
    .addHelpText('after', `
Examples:
  $ fargate-ctl rehearse
  $ eval "$(fargate-ctl rehearse --print-env)" && aws ecs list-services --cluster webapp-dev
  $ fargate-ctl rehearse --scenario crash-at-start
  $ fargate-ctl rehearse --scenario all --speed 5
  $ fargate-ctl rehearse --down`)
    .action(async (_options, command: Command) => {
      const given = command.optsWithGlobals<Flags>()
      const flags = { ...given, engine: command.getOptionValueSource('engine') === 'default' ? undefined : given.engine }
      const terminal = createTerminal(flags)
      if (flags.list) return listScenarios(terminal)
      const { rehearse, takeDown, readRehearsalEnvironment } = await import('../rehearsal/rehearse.ts')
      const project = findProject()
      if (flags.down) return takeDown(project, terminal)
      if (flags.printEnv) return printEnvironment(await readRehearsalEnvironment(project), terminal)
      const { forgetMisleading } = await import('../rehearsal/environment.ts')
      forgetMisleading()
      try {
        if (flags.scenario !== undefined) return await runScenarios(project, { ...flags, scenario: flags.scenario }, terminal)
        const result = await rehearse(project, { ...flags, timeout }, terminal)
        printRehearsal(result, flags, terminal)
        terminal.printJson(result)
      } finally {
        if (flags.once) await takeDown(project, terminal)
      }
    })
}

async function listScenarios(terminal: Terminal): Promise<void> {
  const [{ scenarios }, { printList }] = await Promise.all([
    import('../scenarios/catalog.ts'),
    import('../scenarios/report.ts'),
  ])
  printList(scenarios, terminal)
}

async function runScenarios(project: Project, flags: Flags & { scenario: string }, terminal: Terminal): Promise<void> {
  const { rehearseScenarios } = await import('../rehearsal/rehearse-scenarios.ts')
  await rehearseScenarios(project, { ...flags, timeout }, terminal)
}

function readPositive(text: string): number {
  const number = Number(text)
  if (!Number.isFinite(number) || number <= 0) throw new InvalidArgumentError('a number above 0 is needed.')
  return number
}

function printEnvironment(environment: Environment | undefined, terminal: Terminal): void {
  if (!environment) throw new CliError('unavailable', 'No rehearsal is running.', { fix: 'Start one with `fargate-ctl rehearse`.' })
  // A shell that has these variables already asks for them anew: here the key is what was asked for.
  delete process.env.AWS_SECRET_ACCESS_KEY
  for (const name of environment.unset) terminal.print(`unset ${name}`)
  for (const [name, value] of Object.entries(environment.set)) terminal.print(`export ${name}='${value.replaceAll("'", `'\\''`)}'`)
  terminal.printJson(environment.set)
}

function printRehearsal(result: RehearseResult, { once, modules }: Flags, terminal: Terminal): void {
  const { dim } = terminal.outColors
  const total = result.steps.reduce((sum, { seconds }) => sum + seconds, 0)
  printDeployment(result, terminal)
  terminal.print(`  ${dim('engine  ')} ${result.engine}`)
  terminal.print(`  ${dim('time    ')} ${formatSeconds(total)}`)
  terminal.print(dim('  This was a rehearsal on an embedded AWS; no account was touched.'))
  if (!result.isolation) {
    terminal.print(`  ${withoutIsolation}`)
    terminal.summary(withoutIsolation)
  }
  if (result.modules === 'checkouts') terminal.print(dim(`  The modules are those of ${modules}, at the versions that infrastructure/ asks for.`))
  if (result.modules === 'stand-ins') {
    terminal.print(dim('  The Terraform registry is out of reach: stand-ins took the place of the vpc, alb and ecs modules.'))
  }
  if (!once) terminal.print(dim('  It goes on until `npm run rehearse -- --down`.'))
}

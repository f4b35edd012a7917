import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { registerAdopt } from './commands/adopt.ts'
import { registerBootstrap } from './commands/bootstrap.ts'
import { registerBuild } from './commands/build.ts'
import { registerCompletion } from './commands/completion.ts'
import { registerContinue } from './commands/continue.ts'
import { registerCost } from './commands/cost.ts'
import { registerDeploy } from './commands/deploy.ts'
import { registerDestroy } from './commands/destroy.ts'
import { registerDoctor } from './commands/doctor.ts'
import { registerDrift } from './commands/drift.ts'
import { registerExec } from './commands/exec.ts'
import { registerHistory } from './commands/history.ts'
import { registerInit } from './commands/init.ts'
import { registerLint } from './commands/lint.ts'
import { registerLogs } from './commands/logs.ts'
import { registerPlan } from './commands/plan.ts'
import { registerPromote } from './commands/promote.ts'
import { registerRehearse } from './commands/rehearse.ts'
import { registerReport } from './commands/report.ts'
import { registerRollback } from './commands/rollback.ts'
import { registerRun } from './commands/run.ts'
import { registerStatus } from './commands/status.ts'
import { registerUnlock } from './commands/unlock.ts'
import { registerValidate } from './commands/validate.ts'
import { CliError } from './platform/errors.ts'

const examples = `
Examples:
  $ fargate-ctl rehearse               the whole thing on this machine, without an AWS account
  $ fargate-ctl build                  image built and pushed to ECR
  $ fargate-ctl deploy --build         built, pushed, applied, and answering
  $ fargate-ctl logs --follow          what it writes
  $ fargate-ctl doctor                 what is missing or wrong, and how to fix it
  $ fargate-ctl lint                   every linter and scanner in one report

Exit codes:
  0 done   1 a bug   2 bad usage or configuration, nothing touched   3 lint findings
  4 something needed is missing or out of reach   5 the deployment failed, or is not healthy
  6 the state is locked   10 plan and drift: there are changes   130, 143 interrupted`

export const { version } = manifest

/** In the order in which the help lists them. */
const commands = [
  registerInit,
  registerBootstrap,
  registerBuild,
  registerPlan,
  registerDeploy,
  registerContinue,
  registerStatus,
  registerRollback,
  registerPromote,
  registerHistory,
  registerReport,
  registerDrift,
  registerCost,
  registerValidate,
  registerLint,
  registerRehearse,
  registerDoctor,
  registerLogs,
  registerRun,
  registerExec,
  registerUnlock,
  registerAdopt,
  registerDestroy,
  registerCompletion,
]

/** The command line: every command with its options. */
export function createProgram(): Command {
  const program = new Command('fargate-ctl')
    .description('Build, deploy, check and rehearse a web app on AWS Fargate with plain Terraform.')
    .version(version)
    // The same on every terminal, so that the bundle can carry the texts ready-made.
    .configureHelp({ helpWidth: 100 })
    .option('--chdir <dir>', 'work on the project in this folder')
    .addOption(new Option('--env <name>', 'the environment in infrastructure/environments/ (default: what infrastructure/ itself describes)').env('FARGATE_CTL_ENV'))
    .addOption(new Option('--infrastructure <dir>', 'the folder with the Terraform files (default: infrastructure/)').env('FARGATE_CTL_INFRASTRUCTURE'))
    .addOption(new Option('--terraform <program>', 'terraform, tofu or a path').default('terraform').env('FARGATE_CTL_TERRAFORM'))
    .option('--json', 'print the result as JSON on stdout')
    .option('--quiet', 'print warnings, errors and the result only')
    .option('--verbose', 'print what every program says')
    .option('--no-color', 'print without colour (NO_COLOR does the same)')
    .showHelpAfterError('(fargate-ctl --help shows every command and option)')
    .showSuggestionAfterError()
    .exitOverride()
    .hook('preAction', (self) => {
      const { chdir, env, infrastructure, terraform } = self.opts<{ chdir?: string; env?: string; infrastructure?: string; terraform: string }>()
      // Where it is used there is no command line to read: in the rehearsal's programs, too.
      process.env.FARGATE_CTL_TERRAFORM = terraform.includes('/') ? resolve(terraform) : terraform
      if (infrastructure) process.env.FARGATE_CTL_INFRASTRUCTURE = resolve(infrastructure)
      if (env !== undefined) process.env.FARGATE_CTL_ENV = env
      if (chdir !== undefined) enterFolder(chdir)
    })
    .addHelpText('after', examples)
  for (const register of commands) register(program)
  return program
}

/** Every help text, by the name of its command; the program's own by ''. */
export function helpTexts(): Record<string, string> {
  const program = createProgram()
  const textOf = (command: Command) => {
    let text = ''
    command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp()
    return text
  }
  return Object.fromEntries([['', textOf(program)], ...program.commands.map((command) => [command.name(), textOf(command)] as const)])
}

function enterFolder(folder: string): void {
  try {
    process.chdir(folder)
  } catch (cause) {
    throw new CliError('usage', `--chdir ${folder}: that folder cannot be entered.`, { cause })
  }
}

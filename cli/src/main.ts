import { Command, CommanderError } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { registerBuild } from './commands/build.ts'
import { registerDeploy } from './commands/deploy.ts'
import { registerLint } from './commands/lint.ts'
import { registerRehearse } from './commands/rehearse.ts'
import { registerValidate } from './commands/validate.ts'
import { CliError, exitCodes } from './errors.ts'
import { watchInterrupts } from './interrupts.ts'
import { redact } from './terminal/secrets.ts'
import { createTerminal, type TerminalOptions } from './terminal/terminal.ts'

const program = new Command('fargate-ctl')
  .description('Build, deploy, check and rehearse a web app on AWS Fargate with plain Terraform.')
  .version(manifest.version)
  .option('--chdir <dir>', 'work on the project in this folder')
  .option('--json', 'print the result as JSON on stdout')
  .option('--quiet', 'print warnings, errors and the result only')
  .option('--verbose', 'print what every program says')
  .option('--no-color', 'print without colour (NO_COLOR does the same)')
  .showHelpAfterError('(fargate-ctl --help shows every command and option)')
  .showSuggestionAfterError()
  .exitOverride()
  .hook('preAction', (self) => {
    const { chdir } = self.opts<{ chdir?: string }>()
    if (chdir !== undefined) enterFolder(chdir)
  })
  .addHelpText('after', `
Examples:
  $ fargate-ctl rehearse               the whole thing on this machine, without an AWS account
  $ fargate-ctl build                  image built and pushed to ECR
  $ fargate-ctl deploy --build         built, pushed, applied, and answering
  $ fargate-ctl lint                   every linter and scanner in one report

Exit codes:
  0 done   1 a bug   2 bad usage or configuration, nothing touched   3 lint findings
  4 something needed is missing or out of reach   5 the deployment failed
  6 the state is locked   130, 143 interrupted`)

for (const register of [registerBuild, registerDeploy, registerValidate, registerLint, registerRehearse]) {
  register(program)
}

// Who reads the output may be gone (`| head`, a closed terminal) while terraform still has a state to save.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
watchInterrupts((sentence) => process.stderr.write(`${sentence}\n`))
try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

function enterFolder(folder: string): void {
  try {
    process.chdir(folder)
  } catch (cause) {
    throw new CliError('usage', `--chdir ${folder}: that folder cannot be entered.`, { cause })
  }
}

/** The only place that prints an error. @returns the exit code */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  const terminal = createTerminal(program.opts<TerminalOptions>())
  if (error instanceof CliError) {
    terminal.error(error)
    return error.exitCode
  }
  const { stack = '' } = error instanceof Error ? error : {}
  process.stderr.write(`error: fargate-ctl ${manifest.version} met a bug of its own: ${redact(String(error))}\n`)
  if (terminal.verbose) process.stderr.write(`${redact(stack)}\n`)
  const what = terminal.verbose ? 'the lines above' : 'what the same command prints with --verbose'
  process.stderr.write(`  fix: Report it to the maintainers of this project, with ${what}.\n`)
  return exitCodes.bug
}

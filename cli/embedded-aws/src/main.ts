// The command line: the only file that prints an error and sets the exit code.
import { Command, CommanderError } from 'commander'
import manifest from '../package.json' with { type: 'json' }
import { registerEnv } from './commands/env.ts'
import { registerStart } from './commands/start.ts'
import { registerStatus } from './commands/status.ts'
import { registerStop } from './commands/stop.ts'
import { UserError } from './user-error.ts'

const program = new Command('embedded-aws')
  .description('An AWS on loopback that runs ECS services as real containers.')
  .version(manifest.version)
  .configureHelp({ helpWidth: 100 })
  .showHelpAfterError('(embedded-aws --help shows every command and option)')
  .exitOverride()
  .addHelpText('after', `
Examples:
  $ embedded-aws start && eval "$(embedded-aws env)"
  $ terraform init && terraform apply
  $ embedded-aws stop

Exit codes:
  0 done   1 a bug   2 bad usage   4 something needed is missing, or none runs`)
for (const register of [registerStart, registerStop, registerStatus, registerEnv]) register(program)

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

/** @returns the exit code */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (!(error instanceof UserError)) {
    process.stderr.write(`error: embedded-aws ${manifest.version} met a bug of its own: ${(error as Error).stack}\n`)
    return 1
  }
  const { message, cause, fix } = error
  process.stderr.write(`error: ${message}\n`)
  if (cause) process.stderr.write(`  cause: ${cause}\n`)
  if (fix) process.stderr.write(`  fix: ${fix}\n`)
  return 4
}

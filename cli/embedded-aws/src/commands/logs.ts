import { existsSync, readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { filesOf } from '../daemon/protocol.ts'
import { UserError } from '../user-error.ts'
import { stateDirOf, stateOption, type CommonFlags } from './options.ts'

export function registerLogs(program: Command): void {
  program
    .command('logs')
    .description("print the embedded AWS's own log; what tasks print is in CloudWatch Logs")
    .addOption(stateOption())
    .action(printLog)
}

function printLog(flags: CommonFlags): void {
  const { log } = filesOf(stateDirOf(flags))
  if (!existsSync(log)) throw new UserError(`There is no log at ${log}.`, { fix: 'Start the embedded AWS with `embedded-aws start`.' })
  process.stdout.write(readFileSync(log))
}

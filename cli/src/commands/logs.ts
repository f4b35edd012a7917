import { InvalidArgumentError, type Command } from 'commander'
import type { LogFlags } from '../operations/logs/show-logs.ts'
import { findProject } from '../platform/project.ts'
import { createTerminal, type TerminalOptions } from '../platform/terminal/terminal.ts'
import { readTask } from './options.ts'

type Flags = TerminalOptions & Omit<LogFlags, 'since'> & { since?: Date }

export function registerLogs(program: Command): void {
  program
    .command('logs')
    .description("show what the app's tasks write to CloudWatch Logs")
    .option('--follow', 'go on as lines come', false)
    .option('--since <when>', 'from then on: 30s, 5m, 2h, 1d, or a time such as 2026-05-01T12:00:00Z (default: 10m)', readSince)
    .option('--filter <pattern>', "only lines that fit, in CloudWatch's own syntax: ERROR, or { $.status = 500 }")
    .option('--task <id>', "only this task's; the beginning of its id is enough", readTask)
    .option('--previous', 'the task that stopped last, and how it ended', false)
    .addHelpText('after', `
JSON lines are taken apart for people; --json prints each line as it was written, as "message" of an object a line.

Exit codes: 0 shown; 4 nothing is deployed, or CloudWatch cannot be read; 130 stopped with Ctrl-C.

Examples:
  $ fargate-ctl logs --follow
  $ fargate-ctl logs --since 2h --filter ERROR
  $ fargate-ctl logs --previous
  $ fargate-ctl logs --json | jq -r .message`)
    .action(async (_options, command: Command) => {
      const flags = { since: readSince('10m'), ...command.optsWithGlobals<Flags>() }
      const terminal = createTerminal(flags)
      const [{ openDeployedService }, { showLogs }] = await Promise.all([
        import('../operations/open-service.ts'),
        import('../operations/logs/show-logs.ts'),
      ])
      await showLogs(await openDeployedService(findProject(), terminal), flags, terminal)
    })
}

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

function readSince(text: string): Date {
  const [, count, unit = ''] = /^(\d+)([smhdw])$/.exec(text) ?? []
  if (count) return new Date(Date.now() - Number(count) * (unitSeconds[unit] ?? 1) * 1000)
  const date = new Date(text)
  if (/^\d{4}-/.test(text) && !Number.isNaN(date.getTime())) return date
  throw new InvalidArgumentError('a span such as 30s, 5m, 2h or 1d is needed, or a time such as 2026-05-01T12:00:00Z.')
}

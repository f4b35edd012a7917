import type { Command } from 'commander'
import { findProject } from '../platform/project.ts'
import { describeAge } from '../platform/terminal/describe-age.ts'
import { formatTable } from '../platform/terminal/table.ts'
import { createTerminal, type Terminal, type TerminalOptions } from '../platform/terminal/terminal.ts'
import type { Entry } from '../rollout/history.ts'
import { readCount } from './options.ts'

export function registerHistory(program: Command): void {
  program
    .command('history')
    .description('list what was deployed, newest first: from the receipts, and from what ECS itself still knows')
    .option('--limit <number>', 'the newest so many', readCount, 20)
    .addHelpText('after', `
Examples:
  $ fargate-ctl history
  $ fargate-ctl history --json | jq '.[] | select(.canGoBack)'`)
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<TerminalOptions & { limit: number }>()
      const terminal = createTerminal(flags)
      const [{ readHistory }, { requireSettings }] = await Promise.all([
        import('../rollout/history.ts'),
        import('../terraform/settings/check-settings.ts'),
      ])
      const project = findProject()
      const entries = await readHistory(project, await requireSettings(project, terminal), flags.limit, terminal)
      printHistory(entries, terminal)
      terminal.printJson(entries)
    })
}

const columns = ['no', 'id', 'when (UTC)', 'age', 'who', 'commit', 'version', 'tag', 'digest', 'result', 'took', 'can go back']

function printHistory(entries: Entry[], terminal: Terminal): void {
  if (entries.length === 0) return terminal.print('Nothing was deployed yet.')
  const rows = entries.map((entry) => [
    String(entry.number ?? '-'),
    entry.id ?? '-',
    entry.at.slice(0, 16).replace('T', ' '),
    describeAge(entry.at),
    entry.who ?? '-',
    entry.commit?.replace(/^([0-9a-f]{9})[0-9a-f]*/, '$1') ?? '-',
    entry.version ?? '-',
    entry.tag ?? '-',
    entry.digest?.slice('sha256:'.length, 'sha256:'.length + 12) ?? '-',
    entry.result,
    entry.seconds === null ? '-' : `${entry.seconds} s`,
    describeWayBack(entry),
  ])
  const [header = '', ...lines] = formatTable([columns, ...rows])
  terminal.print(terminal.outColors.dim(header))
  for (const line of lines) terminal.print(line)
}

function describeWayBack({ id, canGoBack, result }: Entry): string {
  if (!id) return 'no receipt'
  if (canGoBack === null) return 'not known'
  if (canGoBack) return 'yes'
  return result === 'proved' ? 'no: its image is gone' : 'no'
}

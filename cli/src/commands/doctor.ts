import type { Command } from 'commander'
import type { Result, Status } from '../doctor/check.ts'
import { CliError } from '../platform/errors.ts'
import { findProject } from '../platform/project.ts'
import { createTerminal, type Terminal, type TerminalOptions } from '../platform/terminal/terminal.ts'
import type { EngineChoice } from '../release/engine.ts'
import { engineOption } from './options.ts'

type Flags = TerminalOptions & { engine: EngineChoice; for?: string }

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('look at all that the commands need, and say how to fix what is not as it should be')
    .option('--for <command>', 'only what this command needs')
    .addOption(engineOption())
    .addHelpText('after', `
Exit codes: 0 nothing failed; 4 something did. A warning and what is unknown fail nothing.

Examples:
  $ fargate-ctl doctor
  $ fargate-ctl doctor --for deploy
  $ fargate-ctl doctor --json | jq '.checks[] | select(.status == "fail")'`)
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<Flags>()
      const terminal = createTerminal(flags)
      const results = await runDoctor(flags, terminal)
      printResults(results, terminal)
      terminal.printJson({ checks: results.map(({ isUnseen: _, ...result }) => result) })
      requireNoFailure(results)
    })
}

async function runDoctor({ engine, for: command }: Flags, terminal: Terminal): Promise<Result[]> {
  const [{ examine }, { groups }, { gatherFacts }] = await Promise.all([
    import('../doctor/examine.ts'),
    import('../doctor/groups.ts'),
    import('../doctor/facts.ts'),
  ])
  const known = [...new Set(groups.flatMap(({ checks }) => checks.flatMap(({ neededBy }) => neededBy)))].sort()
  if (command !== undefined && !known.includes(command)) {
    throw new CliError('usage', `There are no checks for ${command}.`, { fix: `Name one of ${known.join(', ')}, or leave --for out.` })
  }
  return terminal.step('Look at everything', () => examine(groups, gatherFacts(findProject(), engine), ({ neededBy }) => command === undefined || neededBy.includes(command)))
}

const labels: Record<Status, string> = { ok: 'OK', skip: 'SKIP', unknown: 'UNKNOWN', warn: 'WARN', fail: 'FAIL' }

function printResults(results: Result[], terminal: Terminal): void {
  const { bold, dim, green, red, yellow } = terminal.outColors
  const paint: Record<Status, (text: string) => string> = { ok: green, skip: dim, unknown: yellow, warn: yellow, fail: red }
  for (const group of new Set(results.map((each) => each.group))) {
    terminal.print(bold(group))
    const checks = results.filter((each) => each.group === group)
    const width = Math.max(...checks.map(({ name }) => name.length))
    for (const { name, status, value, fix, neededBy } of checks) {
      terminal.print(`  ${paint[status](labels[status].padEnd(7))} ${name.padEnd(width)}  ${value}`)
      const isWrong = status !== 'ok' && status !== 'skip'
      if (fix && isWrong) terminal.print(`          ${dim('fix:')} ${fix}`)
      if (isWrong) terminal.print(`          ${dim(`needed by: ${neededBy.join(', ')}`)}`)
    }
  }
}

function requireNoFailure(results: Result[]): void {
  const failed = results.filter(({ status }) => status === 'fail')
  if (failed.length === 0) return
  throw new CliError('unavailable', `${failed.length} check${failed.length === 1 ? '' : 's'} failed: ${failed.map(({ name }) => name).join(', ')}.`, {
    fix: 'Do what stands below each of them.',
  })
}

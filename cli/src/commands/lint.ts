import { writeFile } from 'node:fs/promises'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { CliError } from '../errors.ts'
import type { LintResult } from '../lint/lint.ts'
import type { Severity } from '../lint/finding.ts'
import { findProject } from '../project.ts'
import { colorsFor } from '../terminal/colors.ts'
import { createTerminal, type Terminal, type TerminalOptions } from '../terminal/terminal.ts'

const formats = ['pretty', 'json', 'sarif', 'github'] as const

type Flags = TerminalOptions & {
  format?: (typeof formats)[number]
  output?: string
  only: string[]
  skip: string[]
  fix: boolean
  minSeverity: Severity
}

export function registerLint(program: Command): void {
  program
    .command('lint')
    .description('run every linter and scanner side by side and print one report')
    .addOption(new Option('--format <format>', 'how the report is written (default: pretty)').choices(formats))
    .option('--output <file>', 'write the report to a file; the terminal shows it for people')
    .option('--only <tools>', 'only these, separated by commas', readNames, [])
    .option('--skip <tools>', 'without these, separated by commas; tflint and tfsec may not be skipped', readNames, [])
    .option('--fix', 'mend what can be mended first', false)
    .addOption(new Option('--min-severity <severity>', 'leave lesser findings out').choices(['error', 'warning', 'info']).default('info'))
    .addHelpText('after', `
Examples:
  $ fargate-ctl lint
  $ fargate-ctl lint --fix --only eslint,terraform-fmt
  $ fargate-ctl lint --format sarif --output lint.sarif`)
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<Flags>()
      const terminal = createTerminal(flags)
      const result = await runLint(flags, terminal)
      await printReport(result, flags, terminal)
      failUnlessClean(result)
    })
}

async function runLint({ only, skip, fix, minSeverity }: Flags, terminal: Terminal): Promise<LintResult> {
  const [{ lint, fixFindings }, { linters }, { selectLinters }] = await Promise.all([
    import('../lint/lint.ts'),
    import('../lint/linters.ts'),
    import('../lint/select.ts'),
  ])
  const project = findProject()
  const selected = selectLinters(linters, only, skip)
  if (fix) await terminal.step('Mend', (say) => fixFindings(project, selected, say))
  return terminal.step(`Lint with ${selected.length} tools`, (say) => lint(project, selected, minSeverity, say))
}

async function printReport(result: LintResult, flags: Flags, terminal: Terminal): Promise<void> {
  const [{ formatPretty }, { formatSarif }, { formatAnnotations, formatStepSummary }] = await Promise.all([
    import('../lint/formats/pretty.ts'),
    import('../lint/formats/sarif.ts'),
    import('../lint/formats/github.ts'),
  ])
  const format = flags.format ?? (flags.json ? 'json' : 'pretty')
  const { findings, tools } = result
  const written = {
    pretty: () => formatPretty(result, flags.output ? colorsFor({}, false) : terminal.outColors),
    json: () => JSON.stringify({ findings, tools }, null, 2),
    sarif: () => formatSarif(result),
    github: () => formatAnnotations(result),
  }[format]()
  if (flags.output) await writeReport(flags.output, written)
  const annotations = format === 'github' && !flags.output ? '' : formatAnnotations(result)
  if (process.env.GITHUB_ACTIONS === 'true' && annotations) process.stderr.write(`${annotations}\n`)
  process.stdout.write(`${flags.output ? formatPretty(result, terminal.outColors) : written}\n`)
  terminal.summary(formatStepSummary(result))
}

async function writeReport(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, `${text}\n`)
  } catch (cause) {
    throw new CliError('usage', `The report cannot be written to ${file}.`, { cause, fix: 'Name a file in a folder that exists with --output.' })
  }
}

/** A tool without a report is graver than a finding: nobody knows what it would have found. */
function failUnlessClean({ findings, failures }: LintResult): void {
  if (failures.length > 0) {
    const names = failures.map(({ name }) => name)
    throw new CliError('unavailable', `There is no report from ${names.join(', ')}.`, {
      fix: `Run \`npm run setup -- --for lint\`, or leave out what may be left out with --skip ${names.join(',')}.`,
    })
  }
  if (findings.length > 0) {
    throw new CliError('findings', `${findings.length} finding${findings.length === 1 ? '' : 's'}.`, {
      fix: 'Mend them, or say beside the code why one does not apply; --fix mends what a tool can mend.',
    })
  }
}

function readNames(text: string, before: string[]): string[] {
  const names = text.split(',').map((name) => name.trim()).filter(Boolean)
  if (names.length === 0) throw new InvalidArgumentError('a name is needed.')
  return [...before, ...names]
}

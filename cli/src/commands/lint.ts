import { writeFile } from 'node:fs/promises'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { CliError } from '../platform/errors.ts'
import type { LintResult, Severity } from '../findings/finding.ts'
import { findProject } from '../platform/project.ts'
import { colorsFor } from '../platform/terminal/colors.ts'
import { createTerminal, type Terminal, type TerminalOptions } from '../platform/terminal/terminal.ts'

const formats = ['pretty', 'json', 'sarif', 'github'] as const

type Flags = TerminalOptions & {
  format?: (typeof formats)[number]
  output?: string
  dockerfile?: string
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
    .option('--fix', 'first fix what a tool can fix', false)
    .option('--dockerfile <file>', 'the Dockerfile to lint, in place of all those in application/')
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
      await failUnlessClean(result, flags)
    })
}

async function runLint({ only, skip, fix, dockerfile, minSeverity }: Flags, terminal: Terminal): Promise<LintResult> {
  const [{ lint, fixFindings }, { findLinters }, { selectLinters }] = await Promise.all([
    import('../lint/lint.ts'),
    import('../lint/linters.ts'),
    import('../lint/select.ts'),
  ])
  const project = findProject()
  const selected = selectLinters(await findLinters(project, { dockerfile }), only, skip)
  if (fix) await terminal.step('Fix', (say) => fixFindings(project, selected, say))
  return terminal.step(`Lint with ${selected.length} tool${selected.length === 1 ? '' : 's'}`, (say) => lint(project, selected, minSeverity, say))
}

async function printReport(result: LintResult, flags: Flags, terminal: Terminal): Promise<void> {
  const [{ formatPretty }, { formatSarif }, { formatAnnotations, formatStepSummary }] = await Promise.all([
    import('../findings/printers/pretty.ts'),
    import('../findings/printers/sarif.ts'),
    import('../findings/printers/github.ts'),
  ])
  const format = formatOf(flags)
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

function formatOf({ format, json }: Flags): (typeof formats)[number] {
  return format ?? (json ? 'json' : 'pretty')
}

async function writeReport(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, `${text}\n`)
  } catch (cause) {
    throw new CliError('usage', `The report cannot be written to ${file}.`, { cause, fix: 'Name a file in a folder that exists with --output.' })
  }
}

/** A tool without a report is graver than a finding: nobody knows what it would have found. */
async function failUnlessClean({ findings, failures, tools }: LintResult, flags: Flags): Promise<void> {
  if (failures.length > 0) {
    const { describeFailure } = await import('../findings/finding.ts')
    const missing = tools.some(({ status }) => status === 'missing')
    const optional = failures.filter(({ mandatory }) => !mandatory).map(({ name }) => name)
    const advice = [
      missing ? 'Run `npm run setup -- --for lint` to install what is missing.' : 'Fix what keeps them from their work.',
      optional.length > 0 && `Or leave out what may be left out: --skip ${optional.join(',')}.`,
    ]
    throw new CliError('unavailable', `There is no report from ${failures.map(({ name }) => name).join(', ')}.`, {
      // The report for people tells it already.
      cause: flags.output || formatOf(flags) === 'pretty' ? undefined : failures.map(describeFailure).join('\n'),
      fix: advice.filter(Boolean).join(' '),
    })
  }
  if (findings.length > 0) {
    throw new CliError('findings', `${findings.length} finding${findings.length === 1 ? '' : 's'}.`, {
      fix: 'Fix them, or say beside the code why one does not apply; --fix fixes what a tool can fix.',
    })
  }
}

function readNames(text: string, before: string[]): string[] {
  const names = text.split(',').map((name) => name.trim()).filter(Boolean)
  if (names.length === 0) throw new InvalidArgumentError('a name is needed.')
  return [...before, ...names]
}

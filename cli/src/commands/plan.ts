import { Option, type Command } from 'commander'
import { CliError, exitCodes } from '../platform/errors.ts'
import type { Finding } from '../findings/finding.ts'
import { findProject } from '../platform/project.ts'
import { createTerminal, type Terminal, type TerminalOptions } from '../platform/terminal/terminal.ts'
import type { PlanFlags, PlanResult } from '../rollout/plan.ts'
import { addScanOptions, addSourceOptions, engineOption, readPlatform, readTag } from './options.ts'

const formats = ['pretty', 'markdown', 'json'] as const

type Flags = PlanFlags & TerminalOptions & { format?: (typeof formats)[number] }

export function registerPlan(program: Command): void {
  const command = program
    .command('plan')
    .description('show what deploy would do, and keep it for deploy --plan; exit code 10 when there are changes')
    .option('--out <file>', 'write the plan with its seal, for deploy --plan; it may hold secrets')
    .addOption(new Option('--format <format>', 'how it is shown; markdown is for a pull request (default: pretty)').choices(formats))
    .option('--tag <tag>', "plan for this tag (default: the tag of the application's content)", readTag)
    .option('--build', 'build and push first', false)
    .option('--platform <platform>', 'with --build: linux/amd64 or linux/arm64', readPlatform)
    .option('--force', 'with --build: build even when the same content is in ECR', false)
  addScanOptions(addSourceOptions(command))
    .addOption(engineOption())
    .addHelpText('after', `
Examples:
  $ fargate-ctl plan
  $ fargate-ctl plan --out release.plan && fargate-ctl deploy --plan release.plan
  $ fargate-ctl plan --build --format markdown > comment.md`)
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<Flags>()
      const format = flags.format ?? (flags.json ? 'json' : 'pretty')
      const terminal = createTerminal({ ...flags, json: format === 'json' })
      const [{ findBroken, plan }, { refusedToDeploy, requireSettings }] = await Promise.all([
        import('../rollout/plan.ts'),
        import('../terraform/settings/check-settings.ts'),
      ])
      const project = findProject()
      const settings = await requireSettings(project, terminal, refusedToDeploy)
      const result = await plan(project, settings, flags, terminal)
      await printPlan(result, format, terminal)
      refuseBroken(findBroken(result.policies))
      if (!result.review.isEmpty) process.exitCode = exitCodes.changes
    })
}

/** @throws CliError `findings` where the plan breaks a policy */
function refuseBroken({ length: broken }: Finding[]): void {
  if (broken === 0) return
  throw new CliError('findings', `The plan breaks the policies in infrastructure/policies: ${broken} finding${broken === 1 ? '' : 's'}. It was not sealed.`, {
    fix: 'Change what they name, or write an exception with its reason and its last day into infrastructure/policies/exceptions.json.',
  })
}

async function printPlan({ review, cost, policies, sealed }: PlanResult, format: (typeof formats)[number], terminal: Terminal): Promise<void> {
  const [{ formatReview }, { formatMarkdown }, { formatFindings }, { describeFailure }, { describeCost }] = await Promise.all([
    import('../rollout/review/pretty.ts'),
    import('../rollout/review/markdown.ts'),
    import('../findings/printers/pretty.ts'),
    import('../findings/finding.ts'),
    import('../terraform/cost/estimate.ts'),
  ])
  const markdown = formatMarkdown(review, sealed, policies, describeCost(cost))
  if (format === 'pretty') {
    terminal.print(formatReview(review, terminal.outColors))
    terminal.print(`\n${terminal.outColors.bold('Cost')} ${describeCost(cost)}`)
    if (policies?.findings.length) terminal.print(['', ...formatFindings(policies.findings, terminal.outColors)].join('\n').trimEnd())
  }
  for (const failure of policies?.failures ?? []) terminal.warn(`The policies were not checked. ${describeFailure(failure)}`)
  if (format === 'markdown') terminal.print(markdown)
  terminal.printJson({ ...review, cost, policies: policies && { findings: policies.findings, tools: policies.tools }, sealed: sealed && { file: sealed.file, ...sealed.seal.context } })
  terminal.summary(markdown)
  if (sealed) terminal.note(`Sealed in ${sealed.file}; it may hold secrets. Apply exactly this: fargate-ctl deploy --plan ${sealed.file}`)
}

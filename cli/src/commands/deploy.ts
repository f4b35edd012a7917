import { InvalidArgumentError, type Command } from 'commander'
import type { DeployFlags, DeployResult } from '../deploy/deploy.ts'
import { findProject } from '../project.ts'
import { createTerminal, formatSeconds, type Terminal, type TerminalOptions } from '../terminal/terminal.ts'
import { engineOption, readPlatform, readTag } from './build.ts'

export function registerDeploy(program: Command): void {
  program
    .command('deploy')
    .description('apply infrastructure/ with an image and wait until the app answers with it')
    .option('--tag <tag>', "deploy this tag (default: the tag of the application's content)", readTag)
    .option('--build', 'build and push first', false)
    .option('--plan-only', 'show what would change and stop', false)
    .option('--auto-approve', 'do not ask; needed without a terminal', false)
    .option('--timeout <seconds>', 'how long the app may take to answer', readSeconds, 600)
    .option('--platform <platform>', 'with --build: linux/amd64 or linux/arm64', readPlatform)
    .option('--force', 'with --build: build even when the same content is in ECR', false)
    .addOption(engineOption())
    .addHelpText('after', `
Examples:
  $ fargate-ctl deploy --build
  $ fargate-ctl deploy --tag v1.4.0 --plan-only
  $ fargate-ctl deploy --build --auto-approve --json`)
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<DeployFlags & TerminalOptions>()
      const terminal = createTerminal(flags)
      const [{ deploy }, { requireSettings }] = await Promise.all([
        import('../deploy/deploy.ts'),
        import('../config/check-settings.ts'),
      ])
      const project = findProject()
      // Terraform prefers a file's image_tag to TF_VAR_image_tag: another image than the checked one would be deployed.
      const settings = await requireSettings(project, terminal, ['inputs/image-tag'])
      const result = await deploy(project, settings, flags, terminal)
      printDeployment(result, terminal)
      terminal.printJson(result)
    })
}

function readSeconds(text: string): number {
  const seconds = Number(text)
  if (!Number.isFinite(seconds) || seconds <= 0) throw new InvalidArgumentError('a number of seconds above 0 is needed.')
  return seconds
}

/** The end of a deployment: what answers where, and what the steps took. */
export function printDeployment({ url, image, version, changes, steps }: DeployResult, terminal: Terminal): void {
  const { bold, dim, green } = terminal.outColors
  if (url) terminal.print(`${green('●')} ${bold(url)} answers with version ${version ?? '?'}`)
  else terminal.print(bold('Planned only; nothing was changed.'))
  const lines = { image: `${image.repository}:${image.tag}`, digest: image.digest, changes: formatCounts(changes) }
  for (const [name, value] of Object.entries(lines)) terminal.print(`  ${dim(name.padEnd(8))} ${value}`)
  const times = steps.map(({ name, seconds }) => `| ${name} | ${formatSeconds(seconds)} |`)
  terminal.summary(
    [`### ${url ? `Deployed: ${url}` : 'Planned'}`, '', `\`${lines.image}\` \`${image.digest}\``, '', '| step | time |', '|---|---|', ...times].join('\n'),
  )
}

function formatCounts(changes: DeployResult['changes']): string {
  const parts = Object.entries(changes).filter(([, count]) => count > 0)
  return parts.length === 0 ? 'none' : parts.map(([kind, count]) => `${kind} ${count}`).join(', ')
}

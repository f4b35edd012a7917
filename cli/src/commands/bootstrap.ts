import { InvalidArgumentError, type Command } from 'commander'
import { z } from 'zod'
import type { BootstrapFlags, BootstrapResult } from '../operations/bootstrap.ts'
import { findProject } from '../platform/project.ts'
import { createTerminal, type Terminal, type TerminalOptions } from '../platform/terminal/terminal.ts'

export function registerBootstrap(program: Command): void {
  program
    .command('bootstrap')
    .description('make what has to exist first: state bucket, ECR repository, roles of GitHub; what is there is taken over')
    .option('--github <owner/name>', 'make roles for the workflows of this repository', readGithub)
    .option('--github-environment <name...>', 'the GitHub environments that deploy', ['production'])
    .option('--auto-approve', 'do not ask; needed without a terminal', false)
    .addHelpText('after', `
It applies infrastructure/bootstrap/ and moves its state into the bucket that it made; it can be run again at any time.

Examples:
  $ fargate-ctl bootstrap
  $ fargate-ctl bootstrap --github acme/webapp --github-environment uat production
  $ fargate-ctl bootstrap --auto-approve --json`)
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<BootstrapFlags & TerminalOptions>()
      const terminal = createTerminal(flags)
      const [{ bootstrap }, { requireSettings }] = await Promise.all([
        import('../operations/bootstrap.ts'),
        import('../terraform/settings/check-settings.ts'),
      ])
      const project = findProject()
      const result = await bootstrap(project, await requireSettings(project, terminal), flags, terminal)
      printBootstrap(result, flags, terminal)
      terminal.printJson(result)
    })
}

function readGithub(text: string): string {
  if (/^[A-Za-z0-9-]+\/[A-Za-z0-9_.-]+$/.test(text)) return text
  throw new InvalidArgumentError('a repository is named owner/name.')
}

const outputsSchema = z.object({ state_bucket: z.string(), repository_url: z.string(), github_role_arns: z.record(z.string(), z.string()).default({}) })

/** What exists now, and what to put where. */
function printBootstrap({ state, adopted, outputs }: BootstrapResult, { github }: BootstrapFlags, terminal: Terminal): void {
  const { bold, dim } = terminal.outColors
  const { state_bucket: bucket, repository_url: repository, github_role_arns: roles } = outputsSchema.parse(outputs)
  const lines = { bucket, repository, state, ...(adopted.length > 0 ? { adopted: adopted.join(', ') } : {}) }
  terminal.print(bold('What a deployment needs is there.'))
  for (const [name, value] of Object.entries(lines)) terminal.print(`  ${dim(name.padEnd(10))} ${value}`)
  const commands = Object.entries(roles).map(([role, arn]) => {
    const environment = /^deploy-(.+)$/.exec(role)?.[1]
    return environment ? `gh variable set AWS_DEPLOY_ROLE_ARN --env ${environment} --body ${arn}` : `gh variable set AWS_PLAN_ROLE_ARN --body ${arn}`
  })
  if (commands.length > 0) terminal.print(`Tell ${github ?? 'GitHub'}:\n${commands.map((each) => `  ${each}`).join('\n')}`)
  terminal.print('Next: fargate-ctl deploy --build')
}

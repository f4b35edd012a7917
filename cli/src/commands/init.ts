import { InvalidArgumentError, type Command } from 'commander'
import type { InitFlags } from '../operations/init.ts'
import { findProject } from '../platform/project.ts'
import { createTerminal, type TerminalOptions } from '../platform/terminal/terminal.ts'

export function registerInit(program: Command): void {
  program
    .command('init')
    .description('write s3.tfbackend and the values of infrastructure/, or with --env those of an environment')
    .option('--region <region>', 'AWS region (default: AWS_REGION)')
    .option('--state-bucket <name>', "the bucket for Terraform's state, which bootstrap makes")
    .option('--name <name>', 'name of the app (default: webapp)')
    .option('--repository <name>', "the ECR repository's name (default: the app's)")
    .option('--account <id>', 'the only AWS account that may be deployed to', readAccount)
    .option('--github-environment <name>', 'the GitHub environment that .github/workflows/code-deploy.yml deploys in')
    .option('--force', 'write over files that are there', false)
    .addHelpText('after', `
What is not given is asked for on a terminal.

Examples:
  $ fargate-ctl init
  $ fargate-ctl init --region eu-central-1 --state-bucket acme-terraform-state
  $ fargate-ctl init --env uat --region eu-central-1 --state-bucket acme-uat-state --account 222222222222`)
    .action(async (_options, command: Command) => {
      const { env, ...flags } = command.optsWithGlobals<InitFlags & TerminalOptions & { env?: string }>()
      const terminal = createTerminal(flags)
      const { init } = await import('../operations/init.ts')
      // The environment is made here, and cannot be looked for.
      delete process.env.FARGATE_CTL_ENV
      terminal.printJson(await init(findProject(), env, flags, terminal))
      terminal.print('Next: fargate-ctl bootstrap, and then fargate-ctl deploy --build')
    })
}

function readAccount(text: string): string {
  if (/^\d{12}$/.test(text)) return text
  throw new InvalidArgumentError('an account has twelve digits.')
}

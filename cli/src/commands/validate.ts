import type { Command } from 'commander'
import { createTerminal, type TerminalOptions } from '../platform/terminal/terminal.ts'

export function registerValidate(program: Command): void {
  program
    .command('validate')
    .description('check s3.tfbackend and input.auto.tfvars against the Terraform files, with every problem at its line')
    .addHelpText('after', '\nExamples:\n  $ fargate-ctl validate\n  $ fargate-ctl validate --json')
    .action(async (_options, command: Command) => {
      const { validate } = await import('../terraform/settings/validate.ts')
      await validate(createTerminal(command.optsWithGlobals<TerminalOptions>()))
    })
}

import { Argument, type Command } from 'commander'
import { shells, writeCompletion, type CompletedCommand, type Shell } from '../platform/terminal/completion.ts'

export function registerCompletion(program: Command): void {
  program
    .command('completion')
    .description('print what teaches a shell to complete commands, options and their values')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText('after', `
Examples:
  $ source <(fargate-ctl completion bash)      in ~/.bashrc
  $ source <(fargate-ctl completion zsh)       in ~/.zshrc
  $ fargate-ctl completion fish | source       in ~/.config/fish/config.fish`)
    .action((shell: Shell) => {
      const commands = program.createHelp().visibleCommands(program).filter((command) => command.name() !== 'help')
      process.stdout.write(writeCompletion(shell, { ...describe(program), commands: commands.map(describe) }))
    })
}

function describe(command: Command): CompletedCommand {
  const options = command.createHelp().visibleOptions(command).map(({ short, long, description, required, optional, argChoices = [] }) => ({
    flags: [long, short].filter((flag) => flag !== undefined),
    description,
    takesValue: required || optional,
    choices: [...argChoices],
  }))
  const words = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices)
  return { name: command.name(), description: command.description(), words, options }
}

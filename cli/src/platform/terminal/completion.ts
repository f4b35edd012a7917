/** What a shell can complete: the program's own options and those of its commands. */
export type CompletedProgram = CompletedCommand & { commands: CompletedCommand[] }
export type CompletedCommand = { name: string; description: string; words: string[]; options: CompletedOption[] }
/** `choices` are the values that it takes, if they are known; `takesValue` without them: a file's name. */
export type CompletedOption = { flags: string[]; description: string; takesValue: boolean; choices: string[] }

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** The script that teaches a shell to complete the program. */
export function writeCompletion(shell: Shell, program: CompletedProgram): string {
  return { bash: writeBash, zsh: writeZsh, fish: writeFish }[shell](program)
}

/** https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html; bash's own commands alone, and those of its version 3. */
function writeBash(program: CompletedProgram): string {
  const { name, commands } = program
  const function_ = `_${name.replaceAll('-', '_')}`
  const names = commands.map((command) => command.name)
  const values = [program, ...commands].flatMap((command) => command.options.filter(({ takesValue }) => takesValue).map((option) => writeBashValue(command === program ? '*' : command.name, option)))
  const flagsOf = ({ options }: CompletedCommand) => options.flatMap(({ flags }) => flags)
  const words = [
    ...commands.map((command) => `    ${command.name}) words='${[...new Set([...command.words, ...flagsOf(command), ...flagsOf(program)])].join(' ')}' ;;`),
    `    *) words='${[...names, ...flagsOf(program)].join(' ')}' ;;`,
  ]
  return `# Completion of ${name} for bash: source <(${name} completion bash)
${function_}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command='' word words
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD-1))}"; do
    case "$word" in
    --) return ;;
    ${names.join('|')}) command="$word"; break ;;
    esac
  done
  case "$command $previous" in
${values.join('\n')}
  esac
  case "$command" in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F ${function_} ${name}
`
}

function writeBashValue(command: string, { flags, choices }: CompletedOption): string {
  const patterns = flags.map((flag) => (command === '*' ? `*' ${flag}'` : `'${command} ${flag}'`)).join('|')
  // Without a reply, `-o default` completes the names of files.
  return choices.length > 0 ? `    ${patterns}) COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$current")); return ;;` : `    ${patterns}) return ;;`
}

/** zsh runs bash's: https://zsh.sourceforge.io/Doc/Release/Completion-System.html (bashcompinit). */
function writeZsh(program: CompletedProgram): string {
  return `#compdef ${program.name}\nautoload -Uz compinit bashcompinit\n(( $+functions[compdef] )) || compinit\nbashcompinit\n${writeBash(program).replace('for bash', 'for zsh').replace('completion bash', 'completion zsh')}`
}

/** https://fishshell.com/docs/current/cmds/complete.html */
function writeFish(program: CompletedProgram): string {
  const { name, commands } = program
  const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const option = (condition: string, { flags, description, takesValue, choices }: CompletedOption) => {
    const long = flags.filter((flag) => flag.startsWith('--')).map((flag) => `-l ${flag.slice(2)}`)
    const short = flags.filter((flag) => !flag.startsWith('--')).map((flag) => `-s ${flag.slice(1)}`)
    const value = choices.length > 0 ? `-x -a ${quote(choices.join(' '))}` : takesValue ? '-r' : '-f'
    return [`complete -c ${name}`, condition && `-n ${quote(condition)}`, ...long, ...short, value, `-d ${quote(description)}`].filter(Boolean).join(' ')
  }
  const lines = commands.flatMap((command) => [
    `complete -c ${name} -f -n '__fish_use_subcommand' -a ${command.name} -d ${quote(command.description)}`,
    ...(command.words.length > 0 ? [`complete -c ${name} -f -n '__fish_seen_subcommand_from ${command.name}' -a ${quote(command.words.join(' '))}`] : []),
    ...command.options.map((each) => option(`__fish_seen_subcommand_from ${command.name}`, each)),
  ])
  return [`# Completion of ${name} for fish: ${name} completion fish | source`, ...program.options.map((each) => option('', each)), ...lines, ''].join('\n')
}

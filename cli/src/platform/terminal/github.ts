import { redact } from './secrets.ts'

export type Place = { file?: string; line?: number; column?: number; title?: string }

/**
 * Prints a workflow command that GitHub shows as an annotation; does nothing outside GitHub Actions.
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
 */
export function annotate(level: 'error' | 'warning' | 'notice', message: string, place: Place = {}): void {
  if (process.env.GITHUB_ACTIONS !== 'true') return
  process.stderr.write(`${formatAnnotation(level, redact(message).replaceAll('##[', '## ['), place)}\n`)
}

/**
 * Makes steps GitHub's groups, which the log shows folded; those that print nothing need none, and a step within a step
 * belongs to its group, because groups cannot be nested.
 */
export function openGroups(write: (command: string) => void): { start(name: string): void; beforeLine(): void; end(): void } {
  const steps: string[] = []
  let isOpen = false
  return {
    start: (name) => void steps.push(name),
    beforeLine() {
      const [name] = steps
      if (process.env.GITHUB_ACTIONS !== 'true' || isOpen || name === undefined) return
      write(`::group::${escapeData(redact(name))}`)
      isOpen = true
    },
    end() {
      steps.pop()
      if (!isOpen || steps.length > 0) return
      write('::endgroup::')
      isOpen = false
    },
  }
}

/** The workflow command itself, with its properties and its data escaped as GitHub asks. */
export function formatAnnotation(level: string, message: string, place: Place): string {
  const properties = Object.entries({ file: place.file, line: place.line, col: place.column, title: place.title })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`)
  return `::${[level, properties.join(',')].filter(Boolean).join(' ')}::${escapeData(message)}`
}

/**
 * What other programs said must not be taken for a workflow command: the runner reads every line that begins with
 * `::`, and `##[` anywhere (https://github.com/actions/runner, ActionCommand.cs).
 */
export function defuseCommands(text: string): string {
  return process.env.GITHUB_ACTIONS === 'true' ? text.replaceAll(/^(\s*):(?=:)/gm, '$1: ').replaceAll('##[', '## [') : text
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

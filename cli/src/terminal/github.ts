export type Place = { file?: string; line?: number; column?: number; title?: string }

/**
 * Prints a workflow command that GitHub shows as an annotation; does nothing outside GitHub Actions.
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
 */
export function annotate(level: 'error' | 'warning' | 'notice', message: string, place: Place = {}): void {
  if (process.env.GITHUB_ACTIONS !== 'true') return
  process.stderr.write(`${formatAnnotation(level, message, place)}\n`)
}

/** The workflow command itself, with its properties and its data escaped as GitHub asks. */
export function formatAnnotation(level: string, message: string, place: Place): string {
  const properties = Object.entries({ file: place.file, line: place.line, col: place.column, title: place.title })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`)
  return `::${[level, properties.join(',')].filter(Boolean).join(' ')}::${escapeData(message)}`
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

import { formatAnnotation } from '../../terminal/github.ts'
import type { LintResult } from '../lint.ts'
import { summarize } from './pretty.ts'

/** One workflow command a line: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands */
export function formatAnnotations({ findings, failures }: LintResult): string {
  const found = findings.map(({ tool, rule, severity, file, line, column, message }) => {
    const level = severity === 'info' ? 'notice' : severity
    return formatAnnotation(level, message, { file, line, column, title: `${tool}/${rule}` })
  })
  const broken = failures.map(({ name, error }) => formatAnnotation('error', error.message, { title: name }))
  return [...found, ...broken].join('\n')
}

/** The job's summary page, in Markdown. */
export function formatStepSummary(result: LintResult): string {
  const tools = result.tools.map(({ name, version, seconds, status }) => `| ${name} | ${version ?? ''} | ${seconds} s | ${status} |`)
  const findings = result.findings.slice(0, 100).map(({ tool, rule, file, line, message }) => {
    return `| \`${escapeCell(file)}:${line}\` | ${tool}/${escapeCell(rule)} | ${escapeCell(message)} |`
  })
  const table = findings.length > 0 ? ['', '| place | rule | finding |', '|---|---|---|', ...findings] : []
  return [`### Lint: ${summarize(result)}`, '', '| tool | version | time | status |', '|---|---|---|---|', ...tools, ...table].join('\n')
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}

import { describeFailure, type Finding, type LintResult } from '../finding.ts'
import { formatAnnotation } from '../../platform/terminal/github.ts'
import { summarize } from './pretty.ts'

/** One workflow command a line: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands */
export function formatAnnotations({ findings, failures }: Pick<LintResult, 'findings' | 'failures'>): string {
  const broken = failures.map((failure) => formatAnnotation('error', describeFailure(failure), { title: failure.name }))
  return [...findings.map(annotateFinding), ...broken].join('\n')
}

function annotateFinding({ tool, rule, severity, file, line, column, message, fix }: Finding): string {
  const level = severity === 'info' ? 'notice' : severity
  return formatAnnotation(level, fix ? `${message} ${fix}` : message, { file, line, column, title: `${tool}/${rule}` })
}

/** The job's summary page, in Markdown. */
export function formatStepSummary(result: LintResult): string {
  const tools = result.tools.map(({ name, version, seconds, status, reason }) => {
    return `| ${name} | ${version ?? ''} | ${seconds} s | ${[status, reason].filter(Boolean).join(': ')} |`
  })
  const findings = result.findings.slice(0, 100).map(({ tool, rule, file, line, message, fix }) => {
    return `| \`${escapeCell(file)}:${line}\` | ${tool}/${escapeCell(rule)} | ${escapeCell([message, fix].filter(Boolean).join(' '))} |`
  })
  const table = findings.length > 0 ? ['', '| place | rule | finding |', '|---|---|---|', ...findings] : []
  return [`### Lint: ${summarize(result)}`, '', '| tool | version | time | status |', '|---|---|---|---|', ...tools, ...table].join('\n')
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}

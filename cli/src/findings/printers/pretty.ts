import { describeCause } from '../../platform/errors.ts'
import type { Colors } from '../../platform/terminal/colors.ts'
import { formatSeconds } from '../../platform/terminal/format-seconds.ts'
import type { Finding, ToolReport, LintResult } from '../finding.ts'

/** Findings for a person, by file. */
export function formatFindings(findings: Finding[], colors: Colors): string[] {
  const files = [...new Set(findings.map(({ file }) => file))]
  return files.map((file) => {
    const lines = findings.filter((finding) => finding.file === file).map((finding) => formatFinding(finding, colors))
    return [colors.bold(file), ...lines, ''].join('\n')
  })
}

/** The report for a person: findings by file, then every tool, then the sum. */
export function formatPretty({ findings, tools, failures }: LintResult, colors: Colors): string {
  const width = Math.max(...tools.map(({ name }) => name.length))
  const rows = tools.map((tool) => formatTool(tool, width, findings, colors))
  const broken = failures.map(({ name, error }) => {
    const text = describeCause(error.cause)
    const cause = text ? `\n  ${colors.dim('cause:')} ${text.split('\n').join('\n         ')}` : ''
    const fix = error.fix ? `\n  ${colors.dim('fix:')} ${error.fix}` : ''
    return `${colors.red(name)}: ${error.message}${cause}${fix}`
  })
  return [...formatFindings(findings, colors), ...rows, '', ...broken, summarize({ findings, failures })].join('\n')
}

/** The counts of the findings; with the tools that gave no report. */
export function summarize({ findings, failures }: Pick<LintResult, 'findings' | 'failures'>): string {
  const counts = countFindings(findings)
  return failures.length === 0 ? counts : `${counts}; no report from ${failures.map(({ name }) => name).join(', ')}`
}

/** `2 errors, 1 warning`, or `no findings`. */
export function countFindings(findings: Finding[]): string {
  const count = (severity: string, noun: string) => {
    const number = findings.filter((finding) => finding.severity === severity).length
    return number === 0 ? [] : [`${number} ${noun}${number === 1 || noun === 'info' ? '' : 's'}`]
  }
  return [...count('error', 'error'), ...count('warning', 'warning'), ...count('info', 'info')].join(', ') || 'no findings'
}

function formatFinding({ tool, rule, severity, line, column, message, fix, url }: Finding, colors: Colors): string {
  const paint = { error: colors.red, warning: colors.yellow, info: colors.cyan }[severity]
  const place = `${line}:${column}`.padEnd(8)
  const source = colors.dim([`${tool}/${rule}`, url].filter(Boolean).join(' '))
  const advice = fix ? `\n  ${' '.repeat(16)}${colors.dim('fix:')} ${fix}` : ''
  return `  ${place}${paint(severity.padEnd(8))}${message} ${source}${advice}`
}

function formatTool({ name, version, seconds, status, reason }: ToolReport, width: number, findings: Finding[], colors: Colors): string {
  const number = findings.filter(({ tool }) => tool === name).length
  const text = { clean: 'clean', findings: number > 0 ? `${number} to look at` : 'found the same', missing: 'missing', failed: 'failed', skipped: `skipped: ${reason}` }[status]
  const mark = status === 'clean' ? colors.green('✔') : status === 'skipped' ? colors.dim('-') : colors.red('✖')
  return `${mark} ${name.padEnd(width)}  ${(version ?? '-').padEnd(9)} ${formatSeconds(seconds).padStart(7)}  ${text}`
}

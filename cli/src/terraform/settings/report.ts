import type { Colors } from '../../platform/terminal/colors.ts'
import { annotate } from '../../platform/terminal/github.ts'
import type { Finding } from '../../findings/finding.ts'

/** A finding as a person reads it: its place, what is wrong, and what to do. */
export function formatFinding({ file, line, column, severity, rule, message, fix }: Finding, colors: Colors): string {
  const paint = severity === 'error' ? colors.red : colors.yellow
  const place = colors.bold(`${file}:${line}:${column}`)
  return `${place} ${paint(severity)} ${message} ${colors.dim(`(${rule})`)}\n  ${colors.dim('fix:')} ${fix}`
}

/** On GitHub, every finding at its line. */
export function annotateFindings(findings: Finding[]): void {
  for (const { file, line, column, severity, rule, message, fix } of findings) {
    annotate(severity === 'info' ? 'notice' : severity, `${message} ${fix}`, { file, line, column, title: rule })
  }
}

/** 2 errors, 1 warning. */
export function countFindings(findings: Finding[]): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length
  const warnings = findings.filter(({ severity }) => severity === 'warning').length
  return [count(errors, 'error'), count(warnings, 'warning')].filter(Boolean).join(', ') || 'no problems'
}

function count(number: number, noun: string): string {
  return number === 0 ? '' : `${number} ${noun}${number === 1 ? '' : 's'}`
}

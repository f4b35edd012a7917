import { z } from 'zod'
import { describeCause, type CliError } from '../platform/errors.ts'

export const severities = ['error', 'warning', 'info'] as const
export const severitySchema = z.enum(severities)
export type Severity = z.infer<typeof severitySchema>

export const findingSchema = z.object({
  tool: z.string(),
  rule: z.string(),
  severity: severitySchema,
  /** Relative to the project. */
  file: z.string(),
  /** From 1. */
  line: z.number().int().positive(),
  column: z.number().int().positive(),
  message: z.string(),
  /** What to do about it. */
  fix: z.string().nullable(),
  url: z.string().nullable(),
})
export type Finding = z.infer<typeof findingSchema>

export const toolReportSchema = z.object({
  name: z.string(),
  version: z.string().nullable(),
  seconds: z.number(),
  /** `missing`: not installed; `failed`: it broke; `skipped`: see `reason`. */
  status: z.enum(['clean', 'findings', 'missing', 'failed', 'skipped']),
  /** Why it was skipped. */
  reason: z.string().nullable(),
})
export type ToolReport = z.infer<typeof toolReportSchema>

/** What `lint --format json` prints. */
export type LintReport = { findings: Finding[]; tools: ToolReport[] }

/** A linter that gave no report, and why; without a mandatory one there is no result. */
export type Failure = { name: string; mandatory: boolean; error: CliError }

/** @returns why there is no report, on one line */
export function describeFailure({ error }: Failure): string {
  const cause = describeCause(error.cause)?.split('\n', 1)[0]
  return cause ? `${error.message} ${cause}` : error.message
}

export type LintResult = LintReport & { failures: Failure[] }

/** @returns whether `severity` is at least as grave as `least` */
export function isAtLeast(severity: Severity, least: Severity): boolean {
  return severities.indexOf(severity) <= severities.indexOf(least)
}

/** Scanners' own words for how grave a finding is, in ours. */
export function toSeverity(word: string): Severity {
  if (/^(critical|high|error|err|2)$/i.test(word)) return 'error'
  if (/^(medium|warning|warn|moderate|1)$/i.test(word)) return 'warning'
  return 'info'
}

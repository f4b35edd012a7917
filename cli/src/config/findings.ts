import { z } from 'zod'

/** One problem in the configuration, at its place: what is wrong, and what to do. */
export const findingSchema = z.object({
  /** Relative to the project, with forward slashes. */
  file: z.string(),
  /** From 1. */
  line: z.int().positive(),
  /** From 1, in characters (grapheme clusters), as Terraform counts. */
  column: z.int().positive(),
  severity: z.enum(['error', 'warning']),
  /** What found it, such as backend/unknown-key. */
  rule: z.string(),
  message: z.string(),
  fix: z.string(),
})

export type Finding = z.infer<typeof findingSchema>

/** Takes a finding about the text at `offset` of a source. */
export type Report = (
  rule: string,
  at: { source: Source; offset: number },
  message: string,
  fix: string,
  severity?: Finding['severity'],
) => void

/** A file's text, and where in it an offset lies. */
export type Source = { file: string; text: string; place(offset: number): { line: number; column: number } }

/** @returns a `Report` that adds to `findings` */
export function reportTo(findings: Finding[]): Report {
  return (rule, { source, offset }, message, fix, severity = 'error') => {
    findings.push({
      file: source.file,
      ...source.place(offset),
      severity,
      rule,
      message: shorten(message),
      fix: shorten(fix),
    })
  }
}

/** A name can be as long as its file. */
function shorten(text: string): string {
  return text.replaceAll(/\S{200,}/g, (word) => `${word.slice(0, 60)}…`)
}

/** Each finding once, by file, line and column. */
export function sortFindings(findings: Finding[], fileOrder: string[]): Finding[] {
  const rank = (file: string) => (fileOrder.includes(file) ? fileOrder.indexOf(file) : fileOrder.length)
  const unique = new Map(findings.map((finding) => [JSON.stringify(finding), finding]))
  return [...unique.values()].sort(
    (a, b) => rank(a.file) - rank(b.file) || a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column,
  )
}

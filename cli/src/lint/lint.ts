import { stripVTControlCharacters } from 'node:util'
import type { Project } from '../project.ts'
import type { Say } from '../terminal/terminal.ts'
import { MissingProgramError, run } from '../tools/run.ts'
import { CliError } from '../errors.ts'
import { isAtLeast, type Finding, type LintReport, type Severity, type ToolReport } from './finding.ts'
import type { Linter, RawFinding } from './linter.ts'

/** A linter that gave no report, and why. */
export type Failure = { name: string; error: CliError }

export type LintResult = LintReport & { failures: Failure[] }

/**
 * Runs linters side by side and puts what they found into one report, sorted by place.
 * @param least findings of a lesser severity are left out
 * @param say is told whom the report still waits for
 */
export async function lint(project: Project, linters: readonly Linter[], least: Severity, say: Say): Promise<LintResult> {
  const waiting = new Set(linters.map(({ name }) => name))
  const results = await Promise.all(
    linters.map(async (linter) => {
      const result = await runLinter(project, linter, least)
      waiting.delete(linter.name)
      if (waiting.size > 0) say(`waiting for ${[...waiting].join(', ')}`)
      return result
    }),
  )
  return {
    findings: results.flatMap(({ findings }) => findings).sort(byPlace),
    tools: results.map(({ tool }) => tool),
    failures: results.flatMap(({ tool, error }) => (error ? [{ name: tool.name, error }] : [])),
  }
}

/** Lets the linters that can mend do so, one after the other: they write to the same files. */
export async function fixFindings(project: Project, linters: readonly Linter[], say: Say): Promise<void> {
  for (const linter of linters) {
    if (!linter.fix) continue
    say(linter.name)
    await linter.fix(project)
  }
}

type Result = { tool: ToolReport; findings: Finding[]; error?: CliError }

async function runLinter(project: Project, linter: Linter, least: Severity): Promise<Result> {
  const started = performance.now()
  const report = (status: ToolReport['status'], version: string | null): ToolReport => {
    const seconds = Math.round((performance.now() - started) / 10) / 100
    return { name: linter.name, version, seconds, status }
  }
  const version = readVersion(linter)
  try {
    const [raw] = await Promise.all([linter.lint(project), version])
    const findings = raw.map((finding) => toFinding(linter.name, finding)).filter(({ severity }) => isAtLeast(severity, least))
    return { tool: report(findings.length > 0 ? 'findings' : 'clean', await version), findings: withoutDuplicates(findings) }
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode > 128) throw error
    const missing = error instanceof MissingProgramError
    if (missing && linter.whenInstalled) return { tool: report('skipped', null), findings: [] }
    const known = await version.catch(() => null)
    return { tool: report(missing ? 'missing' : 'failed', known), findings: [], error }
  }
}

async function readVersion({ name, program = name, versionArgs }: Linter): Promise<string | null> {
  const { stdout, stderr } = await run(program, versionArgs, { accept: 'any', killAfterSeconds: 5 })
  return /\d+\.\d+(\.\d+)?/.exec(stdout || stderr)?.[0] ?? null
}

/** Messages quote the files they are about, so they are made harmless for a terminal, on one line. */
function toFinding(tool: string, { rule, severity, file, line, column, message, url }: RawFinding): Finding {
  const text = stripVTControlCharacters(message).replaceAll(/[\s\p{Cc}]+/gu, ' ').trim()
  return { tool, rule, severity, file, line, column: column || 1, message: text, url: url || null }
}

function withoutDuplicates(findings: Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()]
}

function byPlace(a: Finding, b: Finding): number {
  return a.file.localeCompare(b.file, 'en') || a.line - b.line || a.column - b.column || a.tool.localeCompare(b.tool, 'en')
}

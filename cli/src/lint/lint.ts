import { stripVTControlCharacters } from 'node:util'
import type { Project } from '../platform/project.ts'
import type { Say } from '../platform/terminal/terminal.ts'
import { MissingProgramError } from '../platform/run.ts'
import { CliError } from '../platform/errors.ts'
import { isAtLeast, type Failure, type Finding, type LintResult, type Severity, type ToolReport } from '../findings/finding.ts'
import { UnreadableSources, type Linter, type RawFinding } from './linter.ts'
import { runTool } from './linter-output.ts'

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
    findings: withoutDuplicates(results.flatMap(({ findings }) => findings)).sort(byPlace),
    tools: results.map(({ tool }) => tool),
    failures: results.flatMap(({ failure }) => failure ?? []),
  }
}

/** Lets the linters that can fix what they find do so, one after the other: they write to the same files. */
export async function fixFindings(project: Project, linters: readonly Linter[], say: Say): Promise<void> {
  for (const linter of linters) {
    const files = await linter.find?.(project)
    if (!linter.fix || files?.length === 0) continue
    say(linter.name)
    await linter.fix(project, files ?? [])
  }
}

type Result = { tool: ToolReport; findings: Finding[]; failure?: Failure }

async function runLinter(project: Project, linter: Linter, least: Severity): Promise<Result> {
  const started = performance.now()
  const report = (status: ToolReport['status'], version: string | null, reason: string | null = null): ToolReport => {
    const seconds = Math.round((performance.now() - started) / 10) / 100
    return { name: linter.name, version, seconds, status, reason }
  }
  const files = await linter.find?.(project)
  if (files?.length === 0) return { tool: report('skipped', null, 'nothing to lint'), findings: [] }
  const version = readVersion(linter)
  try {
    const [raw] = await Promise.all([findProblems(project, linter, files ?? []), version])
    const findings = raw.map((finding) => toFinding(linter.name, finding)).filter(({ severity }) => isAtLeast(severity, least))
    return { tool: report(findings.length > 0 ? 'findings' : 'clean', await version), findings }
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode > 128) throw error
    const missing = error instanceof MissingProgramError
    if (missing && linter.whenInstalled) return { tool: report('skipped', null, 'not installed, not needed'), findings: [] }
    const known = await version.catch(() => null)
    const failure = { name: linter.name, mandatory: linter.mandatory === true, error }
    return { tool: report(missing ? 'missing' : 'failed', known), findings: [], failure }
  }
}

async function findProblems(project: Project, linter: Linter, files: string[]): Promise<RawFinding[]> {
  try {
    return await linter.lint(project, files)
  } catch (error) {
    if (error instanceof UnreadableSources) return error.findings
    throw error
  }
}

async function readVersion({ name, program = name, versionArgs }: Linter): Promise<string | null> {
  if (!versionArgs) return null
  const { stdout, stderr } = await runTool(program, versionArgs)
  return /\d+\.\d+(\.\d+)?/.exec(stdout || stderr)?.[0] ?? null
}

/** Messages quote the files they are about, so they are made harmless for a terminal, on one line. */
function toFinding(tool: string, { rule, severity, file, line, column, message, fix, url }: RawFinding): Finding {
  const text = stripVTControlCharacters(message).replaceAll(/[\s\p{Cc}]+/gu, ' ').trim()
  return { tool, rule, severity, file, line, column: column || 1, message: text, fix: fix || null, url: url || null }
}

/** What two tools say alike, such as that a file cannot be read, is told once. */
function withoutDuplicates(findings: Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify({ ...finding, tool: '' }), finding])).values()]
}

function byPlace(a: Finding, b: Finding): number {
  return a.file.localeCompare(b.file, 'en') || a.line - b.line || a.column - b.column || a.tool.localeCompare(b.tool, 'en')
}

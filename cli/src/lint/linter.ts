import type { Project } from '../project.ts'
import type { Finding } from './finding.ts'

/** A finding before the runner has added which tool it comes from. */
export type RawFinding = Omit<Finding, 'tool' | 'column' | 'url'> & { column?: number | undefined; url?: string | null | undefined }

/** One outside linter or scanner. */
export type Linter = {
  name: string
  /** May not be skipped. */
  mandatory?: boolean
  /** Used when it is installed; not missed otherwise. */
  whenInstalled?: boolean
  /** Arguments that make it print its version. */
  versionArgs: readonly string[]
  /** The program, when it is not called as the linter is. */
  program?: string
  /** @throws CliError when the tool breaks, is missing, or can't do its work */
  lint(project: Project): Promise<RawFinding[]>
  /** Mends what it can. */
  fix?(project: Project): Promise<void>
}

import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import type { Finding } from '../findings/finding.ts'

/** A finding before the runner has added which tool it comes from. */
export type RawFinding = Omit<Finding, 'tool' | 'column' | 'fix' | 'url'> & {
  column?: number | undefined
  fix?: string | null | undefined
  url?: string | null | undefined
}

/** One outside linter or scanner. */
export type Linter = {
  name: string
  /** May not be skipped. */
  mandatory?: boolean
  /** Used when it is installed; not missed otherwise. */
  whenInstalled?: boolean
  /** Arguments that make it print its version. */
  versionArgs?: readonly string[]
  /** The program, when it is not called as the linter is. */
  program?: string
  /** The files it is there for, relative to the project: without any it is skipped. Default: it always runs. */
  find?(project: Project): Promise<string[]>
  /**
   * @param files what `find` found
   * @throws CliError when the tool breaks, is missing, or can't do its work
   */
  lint(project: Project, files: string[]): Promise<RawFinding[]>
  /** Fixes what it can. */
  fix?(project: Project, files: string[]): Promise<void>
}

/** What keeps a linter from its work is wrong with the files themselves, and is found so. */
export class UnreadableSources extends CliError {
  readonly findings: RawFinding[]
  constructor(findings: RawFinding[]) {
    super('findings', 'The files cannot be read.')
    this.findings = findings
  }
}

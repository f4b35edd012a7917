import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Linter, RawFinding } from '../linter.ts'
import type { Project } from '../../platform/project.ts'
import { broken, projectPath, runTool } from '../linter-output.ts'
import { findSources } from '../sources.ts'

const place = /^(.+)\((\d+),(\d+)\): error (TS\d+): (.*)$/

/** TypeScript's type check by the project's tsconfig.json, and by the application's own where it has one; exit codes 1 and 2 come with errors. */
export const tsc: Linter = {
  name: 'tsc',
  versionArgs: ['--version'],
  async find(project) {
    const sources = await findSources(project, /\.([cm]?ts|tsx)$/)
    return [project.root, project.application].some(isConfigured) ? sources : []
  },
  async lint(project) {
    const { root, application } = project
    const own = isConfigured(application)
    const [all, ofApplication] = await Promise.all([
      isConfigured(root) ? check(project, 'tsc', root) : [],
      own ? check(project, findTsc(application), application) : [],
    ])
    return [...all.filter(({ file }) => !own || !file.startsWith('application/')), ...ofApplication]
  },
}

const isConfigured = (folder: string) => existsSync(join(folder, 'tsconfig.json'))

function findTsc(folder: string): string {
  const installed = join(folder, 'node_modules', '.bin', 'tsc')
  return existsSync(installed) ? installed : 'tsc'
}

async function check(project: Project, program: string, folder: string): Promise<RawFinding[]> {
  const result = await runTool(program, ['--noEmit', '--pretty', 'false'], { cwd: folder })
  const findings = result.stdout.split('\n').flatMap((text): RawFinding[] => {
    const [, file, row, column, rule, message] = place.exec(text) ?? []
    if (!file || !rule || !message) return []
    return [{ rule, severity: 'error', file: projectPath(project, file, folder), line: Number(row), column: Number(column), message }]
  })
  if (result.exitCode !== 0 && findings.length === 0) throw broken('tsc', result)
  return findings
}

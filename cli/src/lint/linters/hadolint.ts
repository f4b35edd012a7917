import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import { CliError } from '../../platform/errors.ts'
import { toSeverity } from '../../findings/finding.ts'
import type { Linter } from '../linter.ts'
import { projectPath, readReport } from '../linter-output.ts'
import { findSources } from '../sources.ts'

const schema = z.array(
  z.object({ code: z.string(), level: z.string(), file: z.string(), line: z.number(), column: z.number(), message: z.string() }),
)

const dockerfiles = /^application\/(.+\/)?((Dockerfile|Containerfile)(\.(?!dockerignore$)[^/]+)?|[^/]+\.(Dockerfile|Containerfile|dockerfile))$/

/**
 * https://github.com/hadolint/hadolint: 1 comes with findings.
 * @param dockerfile the one to lint; undefined for every one in application/
 */
export function createHadolint(dockerfile: string | undefined): Linter {
  return {
    name: 'hadolint',
    versionArgs: ['--version'],
    async find(project) {
      if (dockerfile === undefined) return findSources(project, dockerfiles)
      if (existsSync(dockerfile)) return [projectPath(project, resolve(dockerfile))]
      throw new CliError('usage', `There is no ${dockerfile}.`, { fix: 'Name a file that exists with --dockerfile.' })
    },
    async lint(project, files) {
      const findings = await readReport(schema, 'hadolint', ['--format', 'json', ...files], { cwd: project.root, accept: [0, 1] })
      return findings.map(({ code, level, file, line, column, message }) => ({
        rule: code,
        severity: toSeverity(level),
        file: projectPath(project, file),
        line: line || 1,
        column: column || 1,
        message,
        url: code.startsWith('DL') ? `https://github.com/hadolint/hadolint/wiki/${code}` : `https://www.shellcheck.net/wiki/${code}`,
      }))
    },
  }
}

import { join } from 'node:path'
import { z } from 'zod'
import { toSeverity } from '../../findings/finding.ts'
import { UnreadableSources, type Linter } from '../linter.ts'
import type { Project } from '../../platform/project.ts'
import { broken, parseReport, projectPath, runTool } from '../linter-output.ts'
import { syntaxError } from '../terraform-errors.ts'
import { findConfiguration, loadSources, originalPath, type TerraformSources } from '../terraform-sources.ts'

const schema = z.object({
  results: z
    .array(
      z.object({
        long_id: z.string(),
        severity: z.string(),
        description: z.string(),
        links: z.array(z.string()).nullable(),
        location: z.object({ filename: z.string(), start_line: z.number() }),
      }),
    )
    .nullable(),
})

/**
 * https://github.com/aquasecurity/tfsec: 1 means findings, or an error, in which case there is no JSON. Without the
 * modules it finds nothing and says nothing, so they are fetched first.
 */
export const tfsec: Linter = {
  name: 'tfsec',
  mandatory: true,
  versionArgs: ['--version'],
  find: findConfiguration,
  async lint(project) {
    const sources = await loadSources(project)
    const inputs = sources.inputs.flatMap((name) => ['--tfvars-file', join(sources.folder, name)])
    const args = [sources.folder, '--no-module-downloads', ...inputs, '--format', 'json', '--no-color']
    const result = await runTool('tfsec', args)
    throwSyntaxError(project, sources, `${result.stdout}\n${result.stderr}`)
    if (![0, 1].includes(result.exitCode)) throw broken('tfsec', result)
    const { results } = parseReport(schema, 'tfsec', result)
    return (results ?? []).map(({ long_id, severity, description, links, location }) => ({
      rule: long_id,
      severity: toSeverity(severity),
      file: projectPath(project, originalPath(sources, location.filename)),
      line: location.start_line || 1,
      message: description,
      url: links?.[0],
    }))
  },
}

/** It names the first file that it can't read without the leading slash: `Error: scan failed: folder/main.tf:2,7-3,1: Invalid expression; Expected …`. */
function throwSyntaxError(project: Project, sources: TerraformSources, said: string): void {
  const [, path, line, column, summary, detail] = /^Error: .*?: ([^:]+):(\d+),(\d+)-[\d,]+: ([^;\n]+);? ?(.*)/m.exec(said) ?? []
  if (!path || !summary) return
  const file = projectPath(project, originalPath(sources, `/${path}`))
  throw new UnreadableSources([syntaxError(file, { line: Number(line), column: Number(column) }, summary, detail ?? '')])
}

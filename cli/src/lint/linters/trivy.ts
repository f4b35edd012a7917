import { join } from 'node:path'
import { z } from 'zod'
import { toSeverity } from '../../findings/finding.ts'
import type { Linter } from '../linter.ts'
import { projectPath, readReport } from '../linter-output.ts'
import { findConfiguration, loadSources, originalPath } from '../terraform-sources.ts'

const misconfiguration = z.object({
  ID: z.string(),
  Severity: z.string(),
  Title: z.string(),
  PrimaryURL: z.string().optional(),
  CauseMetadata: z.object({ StartLine: z.number().optional() }).optional(),
})
const schema = z.object({
  Results: z.array(z.object({ Target: z.string(), Misconfigurations: z.array(misconfiguration).default([]) })).default([]),
})

/** tfsec's successor (https://trivy.dev, `trivy config`); it honours tfsec's exceptions. */
export const trivy: Linter = {
  name: 'trivy',
  whenInstalled: true,
  versionArgs: ['--version'],
  find: findConfiguration,
  async lint(project) {
    const sources = await loadSources(project)
    const inputs = sources.inputs.flatMap((name) => ['--tf-vars', name])
    const args = ['config', '--quiet', '--format', 'json', '--skip-check-update', ...inputs, sources.copy]
    const { Results } = await readReport(schema, 'trivy', args, { cwd: sources.folder, accept: [0] })
    return Results.flatMap(({ Target, Misconfigurations }) =>
      Misconfigurations.map(({ ID, Severity, Title, PrimaryURL, CauseMetadata }) => ({
        rule: ID,
        severity: toSeverity(Severity),
        file: projectPath(project, originalPath(sources, join(sources.copy, Target))),
        line: CauseMetadata?.StartLine || 1,
        message: Title,
        url: PrimaryURL,
      })),
    )
  },
}

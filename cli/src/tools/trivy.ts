import { z } from 'zod'
import { initForScanning } from '../lint/scan-folder.ts'
import { toSeverity } from '../lint/finding.ts'
import type { Linter } from '../lint/linter.ts'
import { readReport } from './linter-output.ts'

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
  async lint(project) {
    const folder = await initForScanning(project)
    const args = ['config', '--quiet', '--format', 'json', '--skip-check-update', folder]
    const { Results } = await readReport(schema, 'trivy', args, { accept: [0] })
    return Results.flatMap(({ Target, Misconfigurations }) =>
      Misconfigurations.map(({ ID, Severity, Title, PrimaryURL, CauseMetadata }) => ({
        rule: ID,
        severity: toSeverity(Severity),
        file: `infrastructure/${Target}`,
        line: CauseMetadata?.StartLine || 1,
        message: Title,
        url: PrimaryURL,
      })),
    )
  },
}

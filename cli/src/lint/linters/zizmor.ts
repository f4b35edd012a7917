import { z } from 'zod'
import { toSeverity } from '../../findings/finding.ts'
import type { Linter } from '../linter.ts'
import { projectPath, readReport } from '../linter-output.ts'
import { findSources } from '../sources.ts'

const point = z.object({ row: z.number(), column: z.number() })
const location = z.object({
  symbolic: z.object({ key: z.looseObject({ Local: z.object({ verbatim_path: z.string().optional(), given_path: z.string().optional() }).optional() }), kind: z.string().optional() }),
  concrete: z.object({ location: z.object({ start_point: point }) }),
})
const schema = z.array(
  z.object({
    ident: z.string(),
    desc: z.string(),
    url: z.string(),
    determinations: z.object({ severity: z.string() }),
    locations: z.array(location),
    ignored: z.boolean().optional(),
  }),
)

/** https://docs.zizmor.sh/usage/#exit-codes: 11 to 14 come with findings. Rows and columns count from 0. */
export const zizmor: Linter = {
  name: 'zizmor',
  versionArgs: ['--version'],
  find: (project) => findSources(project, /^\.github\/(workflows\/[^/]+|dependabot|(.+\/)?action)\.ya?ml$/),
  async lint(project) {
    const args = ['--offline', '--quiet', '--format', 'json', '.github']
    const findings = await readReport(schema, 'zizmor', args, { cwd: project.root, accept: [0, 11, 12, 13, 14] })
    return findings
      .filter(({ ignored }) => !ignored)
      .map(({ ident, desc, url, determinations, locations }) => {
        const place = locations.find(({ symbolic }) => symbolic.kind === 'Primary') ?? locations[0]
        const path = place?.symbolic.key.Local
        return {
          rule: ident,
          severity: toSeverity(determinations.severity),
          file: projectPath(project, path?.verbatim_path ?? path?.given_path ?? '.github'),
          line: (place?.concrete.location.start_point.row ?? 0) + 1,
          column: (place?.concrete.location.start_point.column ?? 0) + 1,
          message: desc,
          url,
        }
      })
  },
}

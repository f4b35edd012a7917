import { join } from 'node:path'
import { z } from 'zod'
import { initForScanning } from '../lint/scan-folder.ts'
import { toSeverity } from '../lint/finding.ts'
import type { Linter } from '../lint/linter.ts'
import type { Project } from '../project.ts'
import { projectPath, readReport } from './linter-output.ts'

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
  async lint(project) {
    const folder = await initForScanning(project)
    const tfvars = join(folder, 'input.auto.tfvars')
    const args = [folder, '--no-module-downloads', '--tfvars-file', tfvars, '--format', 'json', '--no-color']
    const { results } = await readReport(schema, 'tfsec', args, { accept: [0, 1] })
    return (results ?? []).map(({ long_id, severity, description, links, location }) => ({
      rule: long_id,
      severity: toSeverity(severity),
      file: originalPath(project, folder, location.filename),
      line: location.start_line || 1,
      message: description,
      url: links?.[0],
    }))
  },
}

/** The scanned folder is a copy: its files are named as the ones they were copied from. */
function originalPath(project: Project, folder: string, filename: string): string {
  const own = filename.startsWith(`${folder}/`) && !filename.includes('/.terraform/')
  return projectPath(project, own ? join(project.infrastructure, filename.slice(folder.length + 1)) : filename)
}

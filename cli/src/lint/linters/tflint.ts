import { join } from 'node:path'
import { z } from 'zod'
import { CliError } from '../../platform/errors.ts'
import { toSeverity } from '../../findings/finding.ts'
import type { Linter, RawFinding } from '../linter.ts'
import type { Project } from '../../platform/project.ts'
import { projectPath, readReport, runTool } from '../linter-output.ts'
import { syntaxError } from '../terraform-errors.ts'
import { findBootstrap, findConfiguration, loadSources } from '../terraform-sources.ts'

const range = z.object({ filename: z.string(), start: z.object({ line: z.number(), column: z.number() }) })
const schema = z.object({
  issues: z.array(z.object({ rule: z.object({ name: z.string(), severity: z.string(), link: z.string() }), message: z.string(), range })),
  errors: z.array(z.object({ summary: z.string().default(''), message: z.string(), severity: z.string(), range: range.optional() })),
})

/**
 * https://github.com/terraform-linters/tflint: 0 clean, 2 issues; 1 comes with `errors`. It reads the tfvars files as
 * Terraform does. Every local module is linted as infrastructure/ is, and so is its bootstrap/.
 */
export const tflint: Linter = {
  name: 'tflint',
  mandatory: true,
  versionArgs: ['--version'],
  find: findConfiguration,
  async lint(project) {
    return (await Promise.all((await findFolders(project)).map((folder) => lintFolder(project, folder)))).flat()
  },
  async fix(project) {
    for (const folder of await findFolders(project)) await runTool('tflint', [...argsFor(project, folder), '--fix'])
  },
}

async function lintFolder(project: Project, folder: string): Promise<RawFinding[]> {
  const args = [...argsFor(project, folder), '--format', 'json']
  const { issues, errors } = await readReport(schema, 'tflint', args, { cwd: project.root, accept: [0, 1, 2] })
  const failure = errors.find((error) => !error.range)
  if (failure) throw new CliError('unavailable', 'tflint gave no report.', { cause: failure.message })
  return [
    ...issues.map(({ rule, message, range: { filename, start } }) => ({
      rule: rule.name,
      severity: toSeverity(rule.severity),
      file: projectPath(project, filename),
      ...start,
      message,
      url: rule.link,
    })),
    ...errors.flatMap(({ summary, message, range }) => {
      return range ? [syntaxError(projectPath(project, range.filename), range.start, summary, message)] : []
    }),
  ]
}

function argsFor({ infrastructure }: Project, folder: string): string[] {
  return ['--chdir', folder, ...(folder === infrastructure ? [] : ['--config', join(infrastructure, '.tflint.hcl')])]
}

/** Without its modules infrastructure/ is still linted; that they can't be had is what tfsec tells. */
async function findFolders(project: Project): Promise<string[]> {
  const { modules } = await loadSources(project).catch(() => ({ modules: [] }))
  return [project.infrastructure, ...findBootstrap(project), ...modules]
}

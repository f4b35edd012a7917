import { dirname, relative, resolve } from 'node:path'
import type { Linter, RawFinding } from '../linter.ts'
import type { Project } from '../../platform/project.ts'
import { broken, projectPath, runTool } from '../linter-output.ts'
import { findTerraformErrors, syntaxError } from '../terraform-errors.ts'
import { findConfiguration, loadSources } from '../terraform-sources.ts'

/** https://developer.hashicorp.com/terraform/cli/commands/fmt: with -check, 3 means that files would change, 2 that some cannot be read. */
export const terraformFmt: Linter = {
  name: 'terraform-fmt',
  program: 'terraform',
  versionArgs: ['version'],
  find: findConfiguration,
  async lint(project) {
    const args = ['fmt', '-check', '-recursive', '-list=true', '-no-color', ...(await findFolders(project))]
    const result = await runTool('terraform', args, { cwd: project.infrastructure })
    const errors = await readErrors(project, result.stderr)
    if (![0, 3].includes(result.exitCode) && errors.length === 0) throw broken('terraform fmt', result)
    const unformatted = result.stdout.split('\n').filter(Boolean).map((name): RawFinding => ({
      rule: 'format',
      severity: 'warning',
      file: projectPath(project, name, project.infrastructure),
      line: 1,
      message: 'The file is not formatted as terraform fmt does.',
      fix: 'Run `fargate-ctl lint --fix`.',
      url: 'https://developer.hashicorp.com/terraform/cli/commands/fmt',
    }))
    return [...errors, ...unformatted]
  },
  async fix(project) {
    await runTool('terraform', ['fmt', '-recursive', ...(await findFolders(project))], { cwd: project.infrastructure })
  },
}

/** infrastructure/ and the local modules that lie beside it. */
async function findFolders(project: Project): Promise<string[]> {
  const { modules } = await loadSources(project).catch(() => ({ modules: [] }))
  return ['.', ...modules.map((folder) => relative(project.infrastructure, folder)).filter((path) => path.startsWith('..'))]
}

/** `fmt` tells the line alone; `validate` knows the column. */
async function readErrors(project: Project, stderr: string): Promise<RawFinding[]> {
  const errors = stderr.split(/^Error: /m).slice(1).flatMap((text) => {
    const [, summary, name, line, detail] = /^(.+)\n\n {2}on (.+?) line (\d+)\b.*\n(?: +\d+: .*\n)*([^]*)/.exec(text) ?? []
    return summary && name ? [{ summary, path: resolve(project.infrastructure, name), line: Number(line), detail: (detail ?? '').trim() }] : []
  })
  const folders = [...new Set(errors.map(({ path }) => dirname(path)))]
  const known = (await Promise.all(folders.map((folder) => findTerraformErrors(project, folder)))).flat()
  return errors.map(({ summary, path, line, detail }) => {
    const error = syntaxError(projectPath(project, path), { line }, summary, detail)
    return known.find((other) => other.file === error.file && other.line === line && other.message === error.message) ?? error
  })
}

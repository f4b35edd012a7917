import type { Linter } from '../lint/linter.ts'
import { CliError } from '../errors.ts'
import { projectPath } from './linter-output.ts'
import { run } from './run.ts'

/** https://developer.hashicorp.com/terraform/cli/commands/fmt: with -check, 3 means that files would change. */
export const terraformFmt: Linter = {
  name: 'terraform-fmt',
  program: 'terraform',
  versionArgs: ['version'],
  async lint(project) {
    const args = ['fmt', '-check', '-recursive', '-list=true', '-no-color']
    const { stdout, stderr, exitCode } = await run('terraform', args, { cwd: project.infrastructure, accept: [0, 2, 3] })
    if (exitCode === 2) throw new CliError('unavailable', 'terraform fmt cannot read the files.', { cause: stderr })
    return stdout.split('\n').filter(Boolean).map((name) => ({
      rule: 'format',
      severity: 'warning',
      file: projectPath(project, name, project.infrastructure),
      line: 1,
      message: 'The file is not formatted as terraform fmt does; `fargate-ctl lint --fix` does it.',
      url: 'https://developer.hashicorp.com/terraform/cli/commands/fmt',
    }))
  },
  async fix(project) {
    await run('terraform', ['fmt', '-recursive'], { cwd: project.infrastructure, accept: 'any' })
  },
}

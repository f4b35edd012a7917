import type { Project } from '../platform/project.ts'
import { actionlint } from './linters/actionlint.ts'
import { bandit } from './linters/bandit.ts'
import { eslint } from './linters/eslint.ts'
import { gitleaks } from './linters/gitleaks.ts'
import { createHadolint } from './linters/hadolint.ts'
import { opa } from './linters/opa.ts'
import { ruff } from './linters/ruff.ts'
import { semgrep } from './linters/semgrep.ts'
import { shellcheck } from './linters/shellcheck.ts'
import { terraformFmt } from './linters/terraform-fmt.ts'
import { tflint } from './linters/tflint.ts'
import { tfsec } from './linters/tfsec.ts'
import { trivy } from './linters/trivy.ts'
import { tsc } from './linters/tsc.ts'
import { zizmor } from './linters/zizmor.ts'
import type { Linter } from './linter.ts'
import { findOwnLinters } from './own-linters.ts'

/**
 * Every linter, the slowest first: they start in this order. Those that the project names itself come last.
 * @param options.dockerfile the only one to lint; undefined for every one in application/
 * @throws CliError `usage` when the project's package.json names linters in a way that cannot be read
 */
export async function findLinters(project: Project, { dockerfile }: { dockerfile?: string | undefined }): Promise<Linter[]> {
  const linters: Linter[] = [
    semgrep, eslint, tsc, opa, trivy, tfsec, tflint, gitleaks, bandit, terraformFmt, zizmor, actionlint, ruff, createHadolint(dockerfile), shellcheck,
  ]
  return [...linters, ...(await findOwnLinters(project, linters.map(({ name }) => name)))]
}

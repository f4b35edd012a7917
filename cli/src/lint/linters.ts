import { actionlint } from '../tools/actionlint.ts'
import { eslint } from '../tools/eslint.ts'
import { gitleaks } from '../tools/gitleaks.ts'
import { hadolint } from '../tools/hadolint.ts'
import { semgrep } from '../tools/semgrep.ts'
import { terraformFmt } from '../tools/terraform-fmt.ts'
import { tflint } from '../tools/tflint.ts'
import { tfsec } from '../tools/tfsec.ts'
import { trivy } from '../tools/trivy.ts'
import { tsc } from '../tools/tsc.ts'
import { zizmor } from '../tools/zizmor.ts'
import type { Linter } from './linter.ts'

/** Every linter, the slowest first: they start in this order. */
export const linters: readonly Linter[] = [
  semgrep, eslint, tsc, trivy, tfsec, tflint, gitleaks, terraformFmt, zizmor, actionlint, hadolint,
]

import type { Finding, LintResult } from '../findings/finding.ts'
import { lint } from '../lint/lint.ts'
import type { Linter } from '../lint/linter.ts'
import { checkPolicies, hasPolicies } from '../lint/policies.ts'
import type { Project } from '../platform/project.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { estimateCost, type Cost } from '../terraform/cost/estimate.ts'
import { describePlan } from '../terraform/plan/read-plan.ts'
import type { ShownPlan } from '../terraform/plan/schema.ts'
import { showPlan } from '../terraform/terraform.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { withPlan, type PrepareFlags } from './prepare.ts'
import { reviewPlan, type Review } from './review/review.ts'
import { sealPlan, type Seal } from './seal.ts'
import { tellTruth } from './truth.ts'

export type PlanFlags = PrepareFlags & {
  /** Where the sealed plan is written to. */
  out?: string | undefined
}

/**
 * A plan that was looked at; `sealed` where it was kept for `deploy --plan`, which none is that breaks a policy. `policies` is null
 * where the project has none.
 */
export type PlanResult = { review: Review; cost: Cost; policies: LintResult | null; sealed: { file: string; seal: Seal } | null }

/**
 * Plans as deploy does, and tells what the plan is.
 * @throws CliError
 */
export function plan(project: Project, settings: Settings, flags: PlanFlags, terminal: Terminal): Promise<PlanResult> {
  return withPlan(project, settings, flags, terminal, async (prepared) => {
    const { terraform, file, release, plan, truth } = prepared
    tellTruth(truth, terminal)
    const shown = await terminal.step('Read the plan', () => showPlan(terraform, file))
    const [review, policies] = await Promise.all([
      reviewPlan(describePlan(shown), release, plan.isEmpty, project.infrastructure),
      askPolicies(project, shown, terminal),
    ])
    const cost = estimateCost(shown.resource_changes)
    const { out } = flags
    if (out === undefined || findBroken(policies).length > 0) return { review, cost, policies, sealed: null }
    const seal = await terminal.step('Seal the plan', () => sealPlan(project, settings, prepared, out))
    return { review, cost, policies, sealed: { file: out, seal } }
  })
}

/** The project's policies on the plan; without opa nothing is known of them. */
async function askPolicies(project: Project, shown: ShownPlan, terminal: Terminal): Promise<LintResult | null> {
  if (!hasPolicies(project)) return null
  const ask: Linter = { name: 'opa', versionArgs: ['version'], lint: () => checkPolicies(project, shown) }
  return terminal.step('Ask the policies', (say) => lint(project, [ask], 'info', say))
}

/** The findings for which a plan may not be applied. */
export const findBroken = (policies: LintResult | null): Finding[] => policies?.findings.filter(({ severity }) => severity === 'error') ?? []

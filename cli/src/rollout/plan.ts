import type { Project } from '../platform/project.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { readPlan } from '../terraform/plan/read-plan.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { withPlan, type PrepareFlags } from './prepare.ts'
import { reviewPlan, type Review } from './review/review.ts'
import { sealPlan, type Seal } from './seal.ts'
import { tellTruth } from './truth.ts'

export type PlanFlags = PrepareFlags & {
  /** Where the sealed plan is written to. */
  out?: string | undefined
}

/** A plan that was looked at; `sealed` where it was kept for `deploy --plan`. */
export type PlanResult = { review: Review; sealed: { file: string; seal: Seal } | null }

/**
 * Plans as deploy does, and tells what the plan is.
 * @throws CliError
 */
export function plan(project: Project, settings: Settings, flags: PlanFlags, terminal: Terminal): Promise<PlanResult> {
  return withPlan(project, settings, flags, terminal, async (prepared) => {
    const { terraform, file, release, plan, truth } = prepared
    tellTruth(truth, terminal)
    const review = await terminal.step('Read the plan', async () => reviewPlan(await readPlan(terraform, file), release, plan.isEmpty, project.infrastructure))
    const { out } = flags
    if (out === undefined) return { review, sealed: null }
    const seal = await terminal.step('Seal the plan', () => sealPlan(project, settings, prepared, out))
    return { review, sealed: { file: out, seal } }
  })
}

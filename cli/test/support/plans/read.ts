import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describePlan } from '../../../src/terraform/plan/read-plan.ts'
import { shownPlanSchema, type ShownPlan } from '../../../src/terraform/plan/schema.ts'

/** Where what `terraform show -json` printed was kept, without what nobody reads. */
export const recordedPlan = (name: string) => fileURLToPath(new URL(`${name}.json`, import.meta.url))

/** @param change what is to be otherwise than recorded */
export function readRecorded(name: string, change: (plan: ShownPlan) => void = () => {}) {
  const plan = shownPlanSchema.parse(JSON.parse(readFileSync(recordedPlan(name), 'utf8')))
  change(plan)
  return describePlan(plan)
}

import type { Linter } from '../linter.ts'
import { findPlanTest, planOffline } from '../offline-plan.ts'
import { checkPolicies, hasPolicies, testPolicies } from '../policies.ts'

/** The policies in infrastructure/policies/, with their tests, on a plan that needs no account; `fargate-ctl plan` asks them of the real one. */
export const opa: Linter = {
  name: 'opa',
  versionArgs: ['version'],
  find: async (project) => (hasPolicies(project) ? findPlanTest(project) : []),
  async lint(project) {
    const [failed, denied] = await Promise.all([testPolicies(project), planOffline(project).then((plan) => checkPolicies(project, plan))])
    return [...failed, ...denied]
  },
}

import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { z } from 'zod'
import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import { run } from '../platform/run.ts'
import { UnreadableSources } from './linter.ts'
import { runTool } from './linter-output.ts'
import { findTerraformErrors } from './terraform-errors.ts'
import { terraformFor } from '../terraform/terraform-for.ts'
import { withModules } from './terraform-sources.ts'

/** The test whose plan is taken: one run, with a stand-in for the provider. */
const testFile = join('tests', 'policies.tftest.hcl')

const messageSchema = z.looseObject({
  type: z.string(),
  test_plan: z.looseObject({ resource_changes: z.array(z.unknown()).default([]) }).optional(),
  diagnostic: z.looseObject({ severity: z.string(), summary: z.string(), detail: z.string().default('') }).optional(),
})

/** @returns the test by which a plan is made without an account, relative to the project; none where there is none */
export function findPlanTest({ root, infrastructure }: Project): string[] {
  const path = join(infrastructure, testFile)
  return existsSync(path) ? [relative(root, path)] : []
}

/**
 * Plans the configuration without an account: `terraform test` with a stand-in for the provider prints its plan. What only AWS or
 * the provider knows is unknown in it.
 * https://developer.hashicorp.com/terraform/cli/commands/test#verbose
 * @returns its changes, in the form of `terraform show -json`
 * @throws UnreadableSources, CliError `unavailable`
 */
export async function planOffline(project: Project): Promise<{ resource_changes: unknown[] }> {
  const data = { TF_DATA_DIR: join(project.scratch, 'lint', 'plan'), TF_IN_AUTOMATION: '1' }
  const where = { cwd: project.infrastructure, interruptWith: 'SIGINT' } as const
  const init = ['init', '-backend=false', '-lockfile=readonly', '-input=false', '-no-color']
  await withModules(project, (env) => run('terraform', init, { ...where, env: { ...env, ...data } }))
  const { varFiles } = terraformFor(project)
  const { stdout } = await runTool('terraform', ['test', '-json', '-verbose', `-filter=${testFile}`, ...varFiles.map((each) => `-var-file=${each}`)], { ...where, env: data })
  const messages = stdout.split('\n').flatMap(readMessage)
  const plan = messages.find((message) => message.test_plan)?.test_plan
  if (plan) return { resource_changes: plan.resource_changes }
  const findings = await findTerraformErrors(project, project.infrastructure, data)
  if (findings.length > 0) throw new UnreadableSources(findings)
  const causes = messages.flatMap(({ diagnostic }) => (diagnostic?.severity === 'error' ? [`${diagnostic.summary}: ${diagnostic.detail}`] : []))
  throw new CliError('unavailable', `terraform test made no plan for the policies from ${testFile}.`, { cause: causes.join('\n') || undefined })
}

function readMessage(line: string): z.infer<typeof messageSchema>[] {
  if (!line.startsWith('{')) return []
  const message = messageSchema.safeParse(JSON.parse(line))
  return message.success ? [message.data] : []
}

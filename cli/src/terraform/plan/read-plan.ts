import { hideSecret } from '../../platform/terminal/secrets.ts'
import { showPlan, type Terraform } from '../terraform.ts'
import { findDifferences, formatPath, knownAfterApply, type Difference } from './differences.ts'
import { readImages, type ContainerImages } from './images.ts'
import { findOwnChanges } from './own-changes.ts'
import type { ShownPlan, ShownResource } from './schema.ts'

export type Action = 'create' | 'update' | 'replace' | 'destroy' | 'forget' | 'none'

/** What a plan does to one resource. */
export type ResourceChange = {
  address: string
  type: string
  action: Action
  /** Where it was before a `moved` block. */
  previousAddress: string | null
  /** The id by which it is imported. */
  importing: string | null
  /** The attributes that cannot change in place, or why else it is replaced or destroyed. */
  forcedBy: string[]
  differences: Difference[]
}

export type OutputChange = { name: string; action: Action; differences: Difference[] }

/** A plan as it is shown: no sensitive value is in it. */
export type PlanContent = {
  resources: ResourceChange[]
  /** What was changed outside Terraform since the last apply. */
  drift: ResourceChange[]
  outputs: OutputChange[]
  images: ContainerImages[]
}

/**
 * Reads a plan file whole. It loads the provider once more, so only what shows a plan calls it.
 * @throws CliError `unavailable`
 */
export async function readPlan(terraform: Terraform, file: string): Promise<PlanContent> {
  return describePlan(await showPlan(terraform, file))
}

/** From here on no sensitive value of the plan is printed, not even where a provider repeats it unmarked. */
export function describePlan(plan: ShownPlan): PlanContent {
  hideSensitive(plan)
  const changed = plan.resource_changes.filter(isManaged).map(describeResource)
  const outputs = Object.entries(plan.output_changes).map(([name, change]) => ({ name, action: nameAction(change.actions), differences: findDifferences(change, name) }))
  return {
    resources: changed.filter(({ action, previousAddress, importing }) => action !== 'none' || previousAddress !== null || importing !== null),
    drift: describeDrift(plan),
    outputs: outputs.filter(({ action }) => action !== 'none'),
    images: readImages(plan.resource_changes),
  }
}

/** What was changed by others than Terraform. */
function describeDrift(plan: ShownPlan): ResourceChange[] {
  const isOwn = findOwnChanges(plan)
  const described = plan.resource_drift.filter(isManaged).map((resource) => {
    const change = describeResource(resource)
    return { ...change, differences: change.differences.filter(({ path }) => !isOwn(resource, path)) }
  })
  return described.filter(({ action, differences }) => action === 'destroy' || differences.length > 0)
}

const isManaged = ({ mode }: ShownResource) => mode === 'managed'

function describeResource(resource: ShownResource): ResourceChange {
  const { address, type, previous_address: previousAddress, deposed, change } = resource
  const action = nameAction(change.actions)
  const created = action === 'create' || action === 'replace'
  const forcedBy = change.replace_paths.map(formatPath)
  const differences = action === 'destroy' ? [] : findDifferences(change)
  return {
    address: deposed ? `${address} (left behind by a replacement)` : address,
    type,
    action,
    previousAddress: previousAddress ?? null,
    importing: change.importing ? (change.importing.id ?? '') : null,
    forcedBy: forcedBy.length > 0 ? forcedBy : reasonOf(resource, action),
    // Whatever AWS decides of a new resource is yet to be known: that says nothing.
    differences: differences.filter(({ path, after }) => !created || after !== knownAfterApply || forcedBy.includes(path)),
  }
}

/** https://developer.hashicorp.com/terraform/internals/json-format#plan-representation, action_reason */
const reasons: Record<string, string> = {
  replace_because_tainted: 'its last creation did not finish (tainted)',
  replace_by_request: 'asked for by -replace',
  replace_by_triggers: 'replace_triggered_by',
  delete_because_no_resource_config: 'no longer in the configuration',
  delete_because_no_module: 'its module is no longer in the configuration',
  delete_because_wrong_repetition: 'count or for_each came or went',
  delete_because_count_index: 'count is smaller',
  delete_because_each_key: 'its key is no longer in for_each',
  delete_because_no_move_target: 'it was moved to where nothing is configured',
}

function reasonOf({ action_reason: reason, deposed }: ShownResource, action: Action): string[] {
  if (deposed) return ['what an interrupted replacement left']
  if (action !== 'replace' && action !== 'destroy') return []
  return reason && reasons[reason] ? [reasons[reason]] : []
}

/** https://developer.hashicorp.com/terraform/internals/json-format#change-representation */
function nameAction(actions: string[]): Action {
  const [first, second] = actions
  if (second) return 'replace'
  const names: Record<string, Action> = { create: 'create', update: 'update', delete: 'destroy', forget: 'forget' }
  return names[first ?? ''] ?? 'none'
}

/** Providers repeat sensitive values where nothing marks them, such as the output of terraform_data. */
function hideSensitive({ resource_changes, resource_drift, output_changes, variables, configuration }: ShownPlan): void {
  const changes = [...resource_changes, ...resource_drift].map(({ change }) => change)
  for (const { before, after, before_sensitive, after_sensitive } of [...changes, ...Object.values(output_changes)]) {
    hideMarked(before, before_sensitive)
    hideMarked(after, after_sensitive)
  }
  for (const [name, { value }] of Object.entries(variables)) hideMarked(value, configuration.root_module.variables[name]?.sensitive)
}

function hideMarked(value: unknown, marks: unknown): void {
  if (marks === true && typeof value === 'string') return hideSecret(value)
  if (typeof value !== 'object' || value === null || !marks) return
  for (const [key, inner] of Object.entries(value)) hideMarked(inner, marks === true || (marks as Record<string, unknown>)[key])
}

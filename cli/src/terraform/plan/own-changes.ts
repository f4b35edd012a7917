import type { ShownPlan, ShownResource } from './schema.ts'

type Values = Record<string, unknown>
type Owned = {
  type: string
  attribute: string
  /** The resources that make it, and by which attribute of theirs they name which one of its own. */
  owners: string[]
  link: [theirs: string, own: string]
  /** How many of them its value stands for. */
  count: (value: unknown) => number
}

const length = (value: unknown) => (Array.isArray(value) ? value.length : 0)
const attachments = ['aws_iam_role_policy_attachment', 'aws_iam_user_policy_attachment', 'aws_iam_group_policy_attachment']

/** What AWS shows as a part of one resource and Terraform has made by others: it is in the state only at the next refresh. */
const owned: Owned[] = [
  { type: 'aws_security_group', attribute: 'ingress', owners: ['aws_vpc_security_group_ingress_rule'], link: ['security_group_id', 'id'], count: countPeers },
  { type: 'aws_security_group', attribute: 'egress', owners: ['aws_vpc_security_group_egress_rule'], link: ['security_group_id', 'id'], count: countPeers },
  { type: 'aws_route_table', attribute: 'route', owners: ['aws_route'], link: ['route_table_id', 'id'], count: length },
  { type: 'aws_iam_role', attribute: 'managed_policy_arns', owners: ['aws_iam_role_policy_attachment'], link: ['role', 'name'], count: length },
  { type: 'aws_iam_role', attribute: 'inline_policy', owners: ['aws_iam_role_policy'], link: ['role', 'name'], count: length },
  { type: 'aws_iam_policy', attribute: 'attachment_count', owners: attachments, link: ['policy_arn', 'arn'], count: Number },
]
/** What AWS itself decides of: listeners name target groups, and autoscaling counts tasks. */
const decided = [
  { type: 'aws_lb_target_group', attribute: 'load_balancer_arns', owner: 'aws_lb_listener' },
  { type: 'aws_ecs_service', attribute: 'desired_count', owner: 'aws_appautoscaling_target' },
]

/** @returns whether a resource's attribute differs from the state only by what Terraform's own resources, or AWS for them, have made */
export function findOwnChanges(plan: ShownPlan): (resource: ShownResource, path: string) => boolean {
  const all = listResources(plan.prior_state?.values?.root_module)
  const valuesOf = (types: string[]) => all.filter(({ type }) => types.includes(type)).map(({ values }) => values)
  return ({ type, change }, path) => {
    const concerns = (each: { type: string; attribute: string }) => each.type === type && (path === each.attribute || path.startsWith(`${each.attribute}.`) || path.startsWith(`${each.attribute}[`))
    const after = (change.after ?? {}) as Values
    const rule = owned.find(concerns)
    if (!rule) return decided.some((each) => concerns(each) && valuesOf([each.owner]).length > 0)
    const [theirs, own] = rule.link
    return rule.count(after[rule.attribute]) === valuesOf(rule.owners).filter((values) => values[theirs] === after[own]).length
  }
}

/** AWS puts rules that differ only in their peers together. */
function countPeers(rules: unknown): number {
  const peers = ['cidr_blocks', 'ipv6_cidr_blocks', 'prefix_list_ids', 'security_groups']
  const count = (rule: Values) => peers.reduce((sum, name) => sum + length(rule[name]), rule.self === true ? 1 : 0)
  return Array.isArray(rules) ? (rules as Values[]).reduce((sum, rule) => sum + count(rule), 0) : 0
}

type Module = NonNullable<NonNullable<NonNullable<ShownPlan['prior_state']>['values']>['root_module']>

function listResources(module: Module | undefined): { type: string; values: Values }[] {
  if (!module) return []
  return [...module.resources, ...module.child_modules.flatMap(listResources)]
}

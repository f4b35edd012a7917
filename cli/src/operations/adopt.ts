import { findTagged, type Tagged } from '../platform/aws/ec2.ts'
import { findListener, findLoadBalancer, findTargetGroup } from '../platform/aws/elb.ts'
import { requireBucket } from '../platform/aws/s3.ts'
import { getIdentity, requireAccount, type Identity } from '../platform/aws/sts.ts'
import { CliError } from '../platform/errors.ts'
import type { Project } from '../platform/project.ts'
import { ask } from '../platform/terminal/ask.ts'
import type { Terminal } from '../platform/terminal/terminal.ts'
import { requireSomeoneToAsk, type RolloutFlags } from '../rollout/deploy.ts'
import { openTerraform, withPlanFolder } from '../rollout/prepare.ts'
import type { ShownPlan } from '../terraform/plan/schema.ts'
import type { Settings } from '../terraform/settings/settings.ts'
import { importResource, planTerraform, showPlan, type Terraform } from '../terraform/terraform.ts'

/** What `adopt --json` prints: what is in the state now, and what is not, because nobody can tell what it would be there. */
export type AdoptResult = { adopted: Leftover[]; unknown: { id: string; name: string | null }[] }

/** Something that exists, and the resource that Terraform would make a second time. */
type Leftover = { address: string; id: string }

export type AdoptFlags = Pick<RolloutFlags, 'autoApprove' | 'lockWait'>

/** What hangs on something else can be found only when that is in the state. */
const mostRounds = 4

/**
 * Takes over what an apply has made and not saved, because it was killed: what has this environment's tags, or the name of
 * a resource that Terraform plans to create.
 * @throws CliError
 */
export async function adopt(project: Project, settings: Settings, { autoApprove, lockWait }: AdoptFlags, terminal: Terminal): Promise<AdoptResult> {
  if (!autoApprove) requireSomeoneToAsk()
  const { inputs, backend } = settings
  const identity = await terminal.step('Check account and bucket', async () => {
    await requireAccount(inputs)
    const [identity] = await Promise.all([getIdentity(inputs.region), requireBucket(backend)])
    return identity
  })
  const terraform = await openTerraform(project, undefined, { lockWait }, terminal)
  const adopted: Leftover[] = []
  const tried = new Set<string>()
  for (let round = 1; ; round++) {
    const { found, unknown } = await terminal.step(round === 1 ? 'Look for what is left behind' : 'Look for what hangs on it', async (say) => {
      const plan = await readPlan(terraform, say)
      return findLeftovers(plan, await findTagged(tagsOf(settings), inputs.region), identity, inputs.region)
    })
    const untried = found.filter(({ address }) => !tried.has(address))
    if (untried.length === 0 || round === mostRounds) return finish({ adopted, unknown }, terminal)
    if (round === 1) await show(untried, autoApprove, terminal)
    for (const { address } of untried) tried.add(address)
    adopted.push(...(await takeOver(untried, terraform, terminal)))
  }
}

/** As infrastructure/locals.tf sets them. */
const tagsOf = ({ inputs: { name, env } }: Settings) => ({ Project: name, Environment: env, ManagedBy: 'terraform' })

const readPlan = (terraform: Terraform, say: (line: string) => void): Promise<ShownPlan> =>
  withPlanFolder(async (folder) => {
    const file = `${folder}/adopt.tfplan`
    await planTerraform(terraform, file, say)
    return showPlan(terraform, file)
  })

type Planned = { address: string; type: string; after: Record<string, unknown> }

async function findLeftovers(plan: ShownPlan, tagged: Tagged[], identity: Identity, region: string) {
  const known = idsOf(plan)
  const left = tagged.filter(({ id }) => !known.has(id))
  const planned = plan.resource_changes.flatMap(({ address, type, mode, change }): Planned[] =>
    mode === 'managed' && change.actions.join() === 'create' ? [{ address, type, after: (change.after ?? {}) as Record<string, unknown> }] : [],
  )
  const byTags = planned.flatMap((each): Leftover[] => {
    const fits = left.filter((one) => isMeant(one, each))
    // Two that are alike could be either.
    const rivals = fits[0] ? planned.filter((other) => isMeant(fits[0] as Tagged, other)) : []
    return fits.length === 1 && rivals.length === 1 && fits[0] ? [{ address: each.address, id: fits[0].id }] : []
  })
  const byName = await Promise.all(planned.map(async ({ address, type, after }): Promise<Leftover[]> => {
    const id = await idFinders[type]?.(after, identity, region)
    return id ? [{ address, id }] : []
  }))
  const taken = new Set(byTags.map(({ id }) => id))
  const unknown = left.filter(({ id }) => !taken.has(id)).map(({ id, tags }) => ({ id, name: tags.Name ?? null }))
  return { found: [...byTags, ...byName.flat()], unknown }
}

/** The ids of all that the state holds. */
function idsOf({ prior_state: state }: ShownPlan): Set<unknown> {
  type Module = NonNullable<NonNullable<NonNullable<ShownPlan['prior_state']>['values']>['root_module']>
  const collect = ({ resources, child_modules: children }: Module): unknown[] => [...resources.flatMap(({ values }) => [values.id, values.allocation_id, values.security_group_rule_id]), ...children.flatMap(collect)]
  return new Set(state?.values?.root_module ? collect(state.values.root_module) : [])
}

/** How the ids of EC2's resources begin. */
const prefixes: Record<string, string> = {
  aws_vpc: 'vpc-',
  aws_subnet: 'subnet-',
  aws_internet_gateway: 'igw-',
  aws_nat_gateway: 'nat-',
  aws_eip: 'eipalloc-',
  aws_route_table: 'rtb-',
  aws_security_group: 'sg-',
  aws_vpc_security_group_ingress_rule: 'sgr-',
  aws_vpc_security_group_egress_rule: 'sgr-',
  aws_flow_log: 'fl-',
  aws_vpc_endpoint: 'vpce-',
}

/** Whether something has the kind and exactly the tags of a resource. */
function isMeant({ id, tags }: Tagged, { type, after }: Planned): boolean {
  const wanted = Object.entries((after.tags_all ?? {}) as Record<string, string>)
  const prefix = prefixes[type]
  return prefix !== undefined && id.startsWith(prefix) && wanted.length === Object.keys(tags).length && wanted.every(([name, value]) => tags[name] === value)
}

type IdFinder = (after: Record<string, unknown>, identity: Identity, region: string) => Promise<string | undefined> | string | undefined

/** All that is told, one after the other; undefined where one is not known before the apply. */
const join = (separator: string, ...parts: unknown[]) => (parts.every((part) => typeof part === 'string' && part !== '') ? parts.join(separator) : undefined)
const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)

/** What the id is of a resource that is known by what Terraform would call it: "Import" in the provider's documentation. */
const idFinders: Record<string, IdFinder> = {
  aws_iam_role: ({ name }) => text(name),
  aws_iam_policy: ({ name, path }, { account, arn }) => join('', `arn:${arn.split(':')[1]}:iam::${account}:policy`, path, name),
  aws_cloudwatch_log_group: ({ name }) => text(name),
  aws_ecs_cluster: ({ name }) => text(name),
  aws_ecs_service: ({ cluster, name }) => join('/', text(cluster)?.split('/').at(-1), name),
  aws_route: ({ route_table_id: table, destination_cidr_block: destination }) => join('_', table, destination),
  aws_route_table_association: ({ subnet_id: subnet, route_table_id: table }) => join('/', subnet, table),
  aws_lb: ({ name }, _, region) => (text(name) ? findLoadBalancer(String(name), region) : undefined),
  aws_lb_target_group: ({ name }, _, region) => (text(name) ? findTargetGroup(String(name), region) : undefined),
  aws_lb_listener: ({ load_balancer_arn: arn, port }, _, region) => (text(arn) ? findListener(String(arn), Number(port), region) : undefined),
}

async function show(found: Leftover[], autoApprove: boolean, terminal: Terminal): Promise<void> {
  terminal.note('What Terraform would make a second time, as far as it is there:')
  for (const { address, id } of found) terminal.note(`  ${terminal.colors.green('+')} ${address} ${terminal.colors.dim(id)}`)
  if (autoApprove) return
  const answer = await ask(`${terminal.colors.bold('Take over what is there of it, and what hangs on it?')} Only "yes" is a yes: `)
  if (answer !== 'yes') throw new CliError('usage', 'Not approved; nothing was changed.')
}

async function takeOver(found: Leftover[], terraform: Terraform, terminal: Terminal): Promise<Leftover[]> {
  return terminal.step('terraform import', async (say) => {
    const taken: Leftover[] = []
    for (const [index, each] of found.entries()) {
      say(`${index + 1} of ${found.length}: ${each.address}`)
      if (await importResource(terraform, each.address, each.id)) taken.push(each)
    }
    return taken
  })
}

function finish(result: AdoptResult, terminal: Terminal): AdoptResult {
  const { adopted, unknown } = result
  terminal.print(adopted.length === 0 ? 'Nothing was taken over.' : `${adopted.length} ${adopted.length === 1 ? 'resource is' : 'resources are'} in the state now:`)
  for (const { address, id } of adopted) terminal.print(`  ${address} ${id}`)
  if (unknown.length > 0) terminal.print('With the tags of this environment, but of no resource that could be told; look at them, and delete what nobody needs:')
  for (const { id, name } of unknown) terminal.print(`  ${id}${name ? ` ${name}` : ''}`)
  terminal.printJson(result)
  return result
}

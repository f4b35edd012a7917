// With the stand-ins infrastructure/ plans what it plans with the real modules, whose checkouts FARGATE_CTL_MODULES names:
// resource by resource, attribute by attribute. What is compared is what AWS gets to see.
import t from 'tap'
import { unpackCheckouts, withoutCheckouts } from '../support/checkouts.ts'
import { planInfrastructure, type InfrastructureTest, type Planned } from '../support/test-infrastructure.ts'

const settings = {
  defaults: '',
  others: `
    env                      = "prod"
    certificate_arn          = "arn:aws:acm:us-east-1:123456789012:certificate/any"
    domain_name              = "app.example.com"
    zone_count               = 3
    single_nat_gateway       = false
    flow_logs                = false
    deletion_protection      = true
    container_port           = 3000
    enable_execute_command   = true
    readonly_root_filesystem = false
    container_health_check   = null
    log_mode                 = "blocking"
    container_insights       = "enhanced"
  `,
}

/** Words for people, and what tells the provider alone how to work. */
const notCompared = new Set(['description', 'force_detach_policies', 'skip_destroy', 'timeouts'])
/** The modules' own mark, and names that nothing refers to. */
const tagsNotCompared = new Set(['terraform-aws-modules', 'Name'])

t.test('the stand-ins plan what the real modules plan', { skip: withoutCheckouts, timeout: 600_000 }, async (t) => {
  const standIns = await planInfrastructure(t, settings)
  const real = await planInfrastructure(t, settings, await unpackCheckouts(t))
  for (const name of Object.keys(settings)) {
    const [ours, theirs] = [byType(standIns(name)), byType(real(name))]
    t.ok(Object.keys(theirs).length > 20, `${name}: it was planned`)
    t.same(Object.keys(ours).sort(), Object.keys(theirs).sort(), `${name}: the same kinds of resources`)
    for (const [type, planned] of Object.entries(theirs)) t.same(...align(ours[type] ?? [], planned), `${name}: ${type}`)
  }
})

type Resource = ReturnType<InfrastructureTest['resources']>[number]

/** Modules name their resources as they like, so those of a type are compared. */
function byType(resources: Resource[]): Record<string, Resource[]> {
  return Object.fromEntries(Map.groupBy(resources, ({ type }) => type))
}

/** @returns both lists in one order and without what either knows only after the apply */
function align(ours: Resource[], theirs: Resource[]): [Planned[], Planned[]] {
  const unknown = new Set([...ours, ...theirs].flatMap((resource) => Object.keys(resource.unknown).filter((key) => resource.unknown[key] === true)))
  const show = ({ after }: Resource) => essence(Object.fromEntries(Object.entries(after).filter(([key]) => !unknown.has(key)))) as Planned
  const sort = (resources: Resource[]) => resources.map(show).sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))
  return [sort(ours), sort(theirs)]
}

/** A value without what is not set, in one order. */
function essence(value: unknown, key = ''): unknown {
  if (typeof value === 'string' && /^[[{]/.test(value)) return essence(JSON.parse(value))
  if (Array.isArray(value)) return value.map((item) => essence(item))
  if (typeof value !== 'object' || value === null) return value
  const skipped = key === 'tags' ? tagsNotCompared : notCompared
  const members = Object.entries(value).map(([name, member]) => [name, essence(member, name)] as const)
  return Object.fromEntries(members.filter(([name, member]) => !skipped.has(name) && isSet(member)).sort(([a], [b]) => a.localeCompare(b)))
}

const isSet = (value: unknown) =>
  typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : value !== null && value !== ''

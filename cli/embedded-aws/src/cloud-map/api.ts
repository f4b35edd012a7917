import { z } from 'zod'
import { parseOrRefuse } from '../aws-error.ts'
import { cloudMap } from '../models/model.ts'
import { requireValid } from '../models/validate.ts'
import type { Scope } from '../records.ts'
import type { Upstream } from '../upstream.ts'

/** The operations whose requests or answers are put into AWS's shapes; the others are passed on. */
export const completed = ['CreateService', 'GetService', 'ListServices', 'UpdateService', 'GetNamespace', 'ListNamespaces'] as const

const isCompleted = (action: string): action is (typeof completed)[number] => (completed as readonly string[]).includes(action)

const parse = <T extends z.ZodType>(schema: T, input: unknown) => parseOrRefuse('InvalidInput', schema, input)

const byId = z.looseObject({ Id: z.string() })
const dnsConfig = z.looseObject({ NamespaceId: z.string().optional() })
const creation = z.looseObject({ NamespaceId: z.string().optional(), DnsConfig: dnsConfig.optional() })
const change = z.looseObject({ Id: z.string(), Service: z.looseObject({ DnsConfig: dnsConfig.optional(), HealthCheckConfig: z.unknown().optional() }) })
const service = z.looseObject({ Id: z.string(), NamespaceId: z.string(), DnsConfig: dnsConfig.nullish() })
const namespace = z.looseObject({ Id: z.string(), Name: z.string(), Type: z.string(), Properties: z.record(z.string(), z.unknown()).nullish() })
type Service = z.infer<typeof service>
type Namespace = z.infer<typeof namespace>

/** https://docs.aws.amazon.com/cloud-map/latest/api/API_NamespaceFilter.html */
const filtered = z.looseObject({
  Filters: z.array(z.object({ Name: z.string(), Values: z.array(z.string()), Condition: z.string().default('EQ') })).default([]),
})
type Filter = z.infer<typeof filtered>['Filters'][number]

/** AWS Cloud Map is ministack's; the gateway puts its services and namespaces into AWS's shapes. */
export function createCloudMap(upstream: Upstream) {
  const ask = <T extends z.ZodType>(schema: T, scope: Scope, action: string, input: unknown) =>
    upstream.read(schema, scope, 'servicediscovery', action, input)
  const readNamespace = async (scope: Scope, Id: string) =>
    (await ask(z.object({ Namespace: namespace }), scope, 'GetNamespace', { Id })).Namespace
  const readService = async (scope: Scope, Id: string) => (await ask(z.object({ Service: service }), scope, 'GetService', { Id })).Service
  const present = async (scope: Scope, kept: Service) => showService(kept, await readNamespace(scope, kept.NamespaceId))

  const own: Record<(typeof completed)[number], (scope: Scope, input: unknown) => Promise<object>> = {
    /** The namespace comes in either of two places; it is the service's and its DNS configuration's. */
    CreateService: async (scope, input) => {
      const given = parse(creation, input)
      const NamespaceId = given.NamespaceId ?? given.DnsConfig?.NamespaceId
      const created = await ask(z.object({ Service: service }), scope, 'CreateService', { ...given, NamespaceId })
      return { Service: await present(scope, created.Service) }
    },
    GetService: async (scope, input) => {
      const { Id } = parse(byId, input)
      return { Service: await present(scope, await readService(scope, Id)) }
    },
    ListServices: async (scope, input) => {
      const { Filters } = parse(filtered, input)
      const { Services } = await ask(z.object({ Services: z.array(service) }), scope, 'ListServices', input)
      const wanted = Services.filter((each) => Filters.every((filter) => filter.Name !== 'NAMESPACE_ID' || matches(filter, each.NamespaceId)))
      const shown = await Promise.all(wanted.map((each) => present(scope, each)))
      // https://docs.aws.amazon.com/cloud-map/latest/api/API_ServiceSummary.html
      return { Services: shown.map((each) => ({ ...each, NamespaceId: undefined, CreatorRequestId: undefined })) }
    },
    /** What a change leaves out of the DNS configuration stays; a health check that it leaves out goes. */
    UpdateService: async (scope, input) => {
      const { Id, Service } = parse(change, input)
      const { DnsConfig } = await readService(scope, Id)
      const dns = Service.DnsConfig && { ...DnsConfig, ...Service.DnsConfig }
      const changed = { ...Service, DnsConfig: dns ?? null, HealthCheckConfig: Service.HealthCheckConfig ?? null }
      return ask(z.looseObject({}), scope, 'UpdateService', { Id, Service: changed })
    },
    GetNamespace: async (scope, input) => {
      const { Id } = parse(byId, input)
      return { Namespace: showNamespace(await readNamespace(scope, Id)) }
    },
    ListNamespaces: async (scope, input) => {
      const { Filters } = parse(filtered, input)
      const { Namespaces } = await ask(z.object({ Namespaces: z.array(namespace) }), scope, 'ListNamespaces', input)
      return { Namespaces: Namespaces.filter((each) => Filters.every((filter) => matchesNamespace(filter, each))).map(showNamespace) }
    },
  }
  return async (scope: Scope, action: string, input: unknown): Promise<unknown> => {
    requireValid(cloudMap, action, input, 'InvalidInput')
    return isCompleted(action) ? own[action](scope, input) : ask(z.unknown(), scope, action, input)
  }
}

/** https://docs.aws.amazon.com/cloud-map/latest/api/API_Service.html */
function showService({ DnsConfig, ...kept }: Service, { Type }: Namespace): object {
  const dns = DnsConfig ? { RoutingPolicy: 'MULTIVALUE', ...DnsConfig, NamespaceId: kept.NamespaceId } : undefined
  return withoutNulls({ InstanceCount: 0, ...kept, DnsConfig: dns, Type: dns && Type !== 'HTTP' ? 'DNS_HTTP' : 'HTTP' })
}

/** https://docs.aws.amazon.com/cloud-map/latest/api/API_Namespace.html */
function showNamespace({ Properties, ...kept }: Namespace): object {
  return withoutNulls({ ...kept, Properties: { HttpProperties: { HttpName: kept.Name }, ...Properties } })
}

function matchesNamespace(filter: Filter, { Name, Type }: Namespace): boolean {
  if (filter.Name === 'TYPE') return matches(filter, Type)
  return filter.Name === 'NAME' || filter.Name === 'HTTP_NAME' ? matches(filter, Name) : true
}

function matches({ Condition, Values }: Filter, value: string): boolean {
  return Condition === 'BEGINS_WITH' ? Values.some((start) => value.startsWith(start)) : Values.includes(value)
}

const withoutNulls = (record: object) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null && value !== undefined))

// Namespaces and services of AWS Cloud Map, as Terraform and ECS use them.
// https://docs.aws.amazon.com/cloud-map/latest/api/API_Operations.html
import t from 'tap'
import { callCbor, callJson } from '../support/aws-calls.ts'
import { startEmbeddedAws } from '../support/embedded-aws.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('ministack')

const aws = await startEmbeddedAws({ tasksAre: 'processes' })
t.teardown(aws.stop)
const call = (action: string, input: object) => callJson(aws, 'servicediscovery', `Route53AutoNaming_v20170314.${action}`, input)

async function createNamespace(kind: string, input: object): Promise<string> {
  const { OperationId } = await call(kind, input)
  const { Operation } = await call('GetOperation', { OperationId })
  return Operation.Targets.NAMESPACE
}
const dns = await createNamespace('CreatePrivateDnsNamespace', { Name: 'web.local', Vpc: 'vpc-1', Tags: [{ Key: 'team', Value: 'web' }] })
const http = await createNamespace('CreateHttpNamespace', { Name: 'web', Description: 'of services' })

t.test('namespaces: described, filtered', async (t) => {
  const { Namespace } = await call('GetNamespace', { Id: dns })
  t.match(Namespace, { Id: dns, Name: 'web.local', Type: 'DNS_PRIVATE', Properties: { DnsProperties: { HostedZoneId: String }, HttpProperties: { HttpName: 'web.local' } } })
  t.notOk('Description' in Namespace, 'what was not given is left out')
  t.same((await call('ListTagsForResource', { ResourceARN: Namespace.Arn })).Tags, [{ Key: 'team', Value: 'web' }])
  const list = async (...Filters: object[]) => (await call('ListNamespaces', { Filters })).Namespaces.map(({ Name }: { Name: string }) => Name)
  t.same(await list(), ['web.local', 'web'])
  t.same(await list({ Name: 'TYPE', Values: ['HTTP'], Condition: 'EQ' }), ['web'])
  t.same(await list({ Name: 'NAME', Values: ['web.'], Condition: 'BEGINS_WITH' }, { Name: 'TYPE', Values: ['DNS_PRIVATE'] }), ['web.local'])
  t.match(await call('GetNamespace', {}), { __type: 'InvalidInput' })
})

t.test('a service takes the namespace from its DNS configuration, and keeps it', async (t) => {
  const DnsRecords = [{ Type: 'A', TTL: 10 }]
  const given = { Name: 'api', DnsConfig: { NamespaceId: dns, DnsRecords }, HealthCheckCustomConfig: { FailureThreshold: 1 } }
  const { Service } = await call('CreateService', given)
  const expected = { Name: 'api', NamespaceId: dns, Type: 'DNS_HTTP', DnsConfig: { NamespaceId: dns, RoutingPolicy: 'MULTIVALUE', DnsRecords }, HealthCheckCustomConfig: { FailureThreshold: 1 } }
  t.match(Service, { ...expected, Id: /^srv-/, Arn: /:service\/srv-/ })
  t.notOk('HealthCheckConfig' in Service)
  await call('UpdateService', { Id: Service.Id, Service: { Description: 'new', DnsConfig: { DnsRecords: [{ Type: 'A', TTL: 60 }] } } })
  t.match((await call('GetService', { Id: Service.Id })).Service, { ...expected, Description: 'new', DnsConfig: { ...expected.DnsConfig, DnsRecords: [{ Type: 'A', TTL: 60 }] } })
  t.match(await call('CreateService', { Name: 'nowhere' }), { __type: 'InvalidInput' })
  t.match(await call('CreateService', { Name: 'nowhere', NamespaceId: 'ns-none' }), { __type: 'NamespaceNotFound' })

  await call('CreateService', { Name: 'other', NamespaceId: http })
  const { Services } = await call('ListServices', { Filters: [{ Name: 'NAMESPACE_ID', Values: [http] }] })
  t.match(Services, [{ Name: 'other', Type: 'HTTP' }])
  t.equal(Services.length, 1)
})

t.test('RPC v2 CBOR, which newer SDKs speak', async (t) => {
  const cbor = (action: string, input: object) => callCbor(aws, 'servicediscovery', `/service/Route53AutoNaming_v20170314/operation/${action}`, input)
  t.match(await cbor('GetNamespace', { Id: http }), { Namespace: { Id: http, Name: 'web', CreateDate: { tag: 1, value: Number } } })
  t.match(await cbor('GetNamespace', {}), { __type: 'InvalidInput', message: /at 'id' failed to satisfy constraint: Member must not be null/ })
  t.match(await cbor('GetNamespace', { Id: 'ns-missing' }), { __type: 'NamespaceNotFound' })
})

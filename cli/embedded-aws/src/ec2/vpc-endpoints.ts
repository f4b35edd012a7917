import type { Store } from '../state.ts'
import { escape } from '../xml.ts'

/** What ministack forgets of a VPC endpoint, without which Terraform changes or replaces it in every plan. */
export type VpcEndpoint = { groupIds: string[]; privateDnsEnabled: boolean; policyDocument: string; ipAddressType: string; dnsRecordIpType: string }

/** https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html#default-endpoint-policy */
const defaultPolicy = JSON.stringify({ Statement: [{ Action: '*', Effect: 'Allow', Principal: '*', Resource: '*' }] })

/** VPC endpoints keep what they were created with. */
export function createVpcEndpoints({ store }: { store: Store }) {
  const { vpcEndpoints } = store.state
  const remember = (input: URLSearchParams, created: string) => {
    const [, id] = /<vpcEndpointId>([^<]+)</.exec(created) ?? []
    if (!id) return
    vpcEndpoints[id] = {
      groupIds: readList(input, 'SecurityGroupId'),
      privateDnsEnabled: input.get('PrivateDnsEnabled') === 'true',
      policyDocument: input.get('PolicyDocument') || defaultPolicy,
      ipAddressType: input.get('IpAddressType') ?? 'ipv4',
      dnsRecordIpType: input.get('DnsOptions.DnsRecordIpType') ?? 'ipv4',
    }
    store.save()
  }
  /** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpoint.html */
  const change = (input: URLSearchParams) => {
    const known = vpcEndpoints[input.get('VpcEndpointId') ?? '']
    if (!known) return
    const removed = readList(input, 'RemoveSecurityGroupId')
    known.groupIds = [...new Set([...known.groupIds, ...readList(input, 'AddSecurityGroupId')])].filter((id) => !removed.includes(id))
    if (input.has('PrivateDnsEnabled')) known.privateDnsEnabled = input.get('PrivateDnsEnabled') === 'true'
    if (input.get('ResetPolicy') === 'true') known.policyDocument = defaultPolicy
    known.policyDocument = input.get('PolicyDocument') || known.policyDocument
    known.ipAddressType = input.get('IpAddressType') ?? known.ipAddressType
    known.dnsRecordIpType = input.get('DnsOptions.DnsRecordIpType') ?? known.dnsRecordIpType
    store.save()
  }
  const forget = (input: URLSearchParams) => {
    for (const id of readList(input, 'VpcEndpointId')) delete vpcEndpoints[id]
    store.save()
  }
  const complete = (answer: string) =>
    answer.replace(/<vpcEndpointId>([^<]+)<\/vpcEndpointId>/g, (element, id: string) => element + (vpcEndpoints[id] ? render(vpcEndpoints[id]) : ''))

  return { remember, change, forget, complete }
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcEndpoint.html */
function render({ groupIds, privateDnsEnabled, policyDocument, ipAddressType, dnsRecordIpType }: VpcEndpoint): string {
  const groups = groupIds.map((id) => `<item><groupId>${id}</groupId></item>`)
  return (
    `<groupSet>${groups.join('')}</groupSet><privateDnsEnabled>${privateDnsEnabled}</privateDnsEnabled><requesterManaged>false</requesterManaged>` +
    `<policyDocument>${escape(policyDocument)}</policyDocument><ipAddressType>${escape(ipAddressType)}</ipAddressType>` +
    `<dnsOptions><dnsRecordIpType>${escape(dnsRecordIpType)}</dnsRecordIpType></dnsOptions><networkInterfaceIdSet/><dnsEntrySet/>`
  )
}

/** Parameters `name.1`, `name.2` … */
const readList = (input: URLSearchParams, name: string) => [...input].flatMap(([key, value]) => (/^\.\d+$/.test(key.slice(name.length)) && key.startsWith(name) ? [value] : []))

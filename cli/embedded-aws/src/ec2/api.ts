import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendExchange, type Exchange, type Proxy } from '../proxy.ts'
import type { Store } from '../state.ts'
import { createFlowLogs } from './flow-logs.ts'
import { leaveOutPorts } from './security-groups.ts'
import { createVpcEndpoints } from './vpc-endpoints.ts'

const changesRules = /^(Authorize|Revoke)SecurityGroup(In|E)gress$/

/** The operations whose requests or answers are changed on their way. */
export const completed = [
  'AuthorizeSecurityGroupEgress', 'AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupEgress', 'RevokeSecurityGroupIngress', 'CreateFlowLogs',
  'DescribeFlowLogs', 'CreateVpcEndpoint', 'DeleteVpcEndpoints', 'DescribeVpcEndpoints', 'ModifyVpcEndpoint',
] as const

/**
 * Amazon EC2 is ministack's, but for what it forgets of flow logs and VPC endpoints, and how it compares rules of security
 * groups.
 */
export function createEc2Api({ proxy, store }: { proxy: Proxy; store: Store }) {
  const flowLogs = createFlowLogs({ proxy, store })
  const endpoints = createVpcEndpoints({ store })

  /** What a change that ministack has made is to be remembered of. */
  const note: Record<string, (req: IncomingMessage, input: URLSearchParams, answer: string) => unknown> = {
    CreateFlowLogs: flowLogs.remember,
    CreateVpcEndpoint: (_, input, answer) => endpoints.remember(input, answer),
    ModifyVpcEndpoint: (_, input) => endpoints.change(input),
    DeleteVpcEndpoints: (_, input) => endpoints.forget(input),
  }
  const complete: Record<string, (answer: string) => string> = {
    DescribeFlowLogs: flowLogs.complete,
    CreateVpcEndpoint: endpoints.complete,
    DescribeVpcEndpoints: endpoints.complete,
  }

  return async (req: IncomingMessage, body: Buffer, res: ServerResponse): Promise<void> => {
    const input = new URLSearchParams(body.toString())
    const action = input.get('Action') ?? ''
    const passed = changesRules.test(action) ? Buffer.from(leaveOutPorts(input).toString()) : body
    const answer: Exchange = await proxy.exchange(req, passed)
    if (answer.status === 200) await note[action]?.(req, input, answer.body.toString())
    const change = complete[action]
    sendExchange(res, change ? { ...answer, body: Buffer.from(change(answer.body.toString())) } : answer)
  }
}

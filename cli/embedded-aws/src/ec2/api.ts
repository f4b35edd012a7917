import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendExchange, type Exchange, type Proxy } from '../proxy.ts'
import type { Store } from '../state.ts'
import { createFlowLogs } from './flow-logs.ts'
import { leaveOutPorts } from './security-groups.ts'

const changesRules = /^(Authorize|Revoke)SecurityGroup(In|E)gress$/

/** Amazon EC2 is ministack's, but for what it forgets of flow logs and how it compares rules of security groups. */
export function createEc2Api({ proxy, store }: { proxy: Proxy; store: Store }) {
  const flowLogs = createFlowLogs({ proxy, store })
  return async (req: IncomingMessage, body: Buffer, res: ServerResponse): Promise<void> => {
    const input = new URLSearchParams(body.toString())
    const action = input.get('Action') ?? ''
    const passed = changesRules.test(action) ? Buffer.from(leaveOutPorts(input).toString()) : body
    const answer: Exchange = await proxy.exchange(req, passed)
    if (action === 'CreateFlowLogs' && answer.status === 200) await flowLogs.remember(req, input, answer.body.toString())
    if (action !== 'DescribeFlowLogs') return sendExchange(res, answer)
    sendExchange(res, { ...answer, body: Buffer.from(flowLogs.complete(answer.body.toString())) })
  }
}

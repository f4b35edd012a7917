import type { IncomingMessage } from 'node:http'
import type { Store } from '../state.ts'
import type { Proxy } from '../proxy.ts'
import { escape } from '../xml.ts'

/** What ministack forgets of a flow log, without which Terraform replaces it in every plan: parameter and element. */
const forgotten = {
  DeliverLogsPermissionArn: 'deliverLogsPermissionArn',
  LogFormat: 'logFormat',
  LogGroupName: 'logGroupName',
  MaxAggregationInterval: 'maxAggregationInterval',
} as const

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html */
const defaults = {
  MaxAggregationInterval: '600',
  LogFormat:
    '${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}',
}

/** Flow logs keep what they were created with. */
export function createFlowLogs({ proxy, store }: { proxy: Proxy; store: Store }) {
  const remember = async (req: IncomingMessage, input: URLSearchParams, created: string) => {
    for (const [, id = ''] of created.matchAll(/<item>(fl-\w+)<\/item>/g)) {
      const given = Object.keys(forgotten).flatMap((name) => {
        const value = input.get(name) ?? (defaults as Record<string, string>)[name]
        return value ? [[name, value] as const] : []
      })
      store.state.flowLogs[id] = Object.fromEntries(given)
      const tags = [...input].filter(([name]) => name.startsWith('TagSpecification.1.Tag.'))
      if (tags.length === 0) continue
      const call = new URLSearchParams({ Action: 'CreateTags', Version: '2016-11-15', 'ResourceId.1': id })
      for (const [name, value] of tags) call.set(name.replace('TagSpecification.1.', ''), value)
      await proxy.exchange(req, Buffer.from(call.toString()))
    }
    store.save()
  }

  const complete = (answer: string) =>
    answer.replace(/<flowLogId>(fl-\w+)<\/flowLogId>/g, (element, id: string) => {
      const known = Object.entries(store.state.flowLogs[id] ?? {})
      return element + known.map(([name, value]) => render(forgotten[name as keyof typeof forgotten], value)).join('')
    })

  return { remember, complete }
}

const render = (element: string, value: string) => `<${element}>${escape(value)}</${element}>`

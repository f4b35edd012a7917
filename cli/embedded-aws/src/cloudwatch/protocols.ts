import { randomUUID } from 'node:crypto'
import { cbor, dateToTag } from '@smithy/core/cbor'
import { escape } from '../elb/elb-encoding.ts'
import { AwsError } from '../aws-error.ts'

/** What the Query protocol leaves out, because all of it is text: the types of the members. */
export type QueryTypes = {
  /** The XML namespace of answers. */
  namespace: string
  /** Paths of members, such as `MetricData.member.1.Value`. */
  numbers: RegExp
  booleans: RegExp
}

/** One request, whatever protocol it came in. */
export type Call = { action: string; input: unknown; answer: (output: unknown) => Answer; refuse: (error: AwsError) => Answer }
export type Answer = { status: number; headers: Record<string, string>; body: string | Uint8Array }

type Request = { url: string; headers: Record<string, string | string[] | undefined>; body: Buffer }

/** Members of answers that are moments: in JSON seconds since 1970. */
const moment = /(?:Timestamps?|Date|LastModified)$/

/**
 * Reads a request of a service that AWS answers in three protocols: AWS JSON, RPC v2 CBOR and Query.
 * https://smithy.io/2.0/aws/protocols/index.html, https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
 */
export function readCall({ url, headers, body }: Request, types: QueryTypes): Call {
  if (headers['smithy-protocol'] === 'rpc-v2-cbor') return readCbor(url, body)
  const target = headers['x-amz-target']
  if (typeof target === 'string') return readJson(target, String(headers['content-type']), body.toString())
  return readQuery(new URLSearchParams(body.toString() || url.split('?')[1]), types)
}

function readJson(target: string, type: string, text: string): Call {
  const send = (status: number, output: unknown) => ({ status, headers: { 'Content-Type': type }, body: JSON.stringify(output) })
  return {
    action: target.split('.').at(-1) ?? '',
    input: text === '' ? {} : JSON.parse(text),
    answer: (output) => send(200, output),
    refuse: ({ type, message }) => send(400, { __type: type, message }),
  }
}

function readCbor(url: string, body: Buffer): Call {
  const headers = { 'Content-Type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' }
  const send = (status: number, output: unknown) => ({ status, headers, body: cbor.serialize(output) })
  return {
    action: /\/operation\/(\w+)/.exec(url)?.[1] ?? '',
    input: body.length === 0 ? {} : toJson(cbor.deserialize(body)),
    answer: (output) => send(200, toCbor(output)),
    refuse: ({ type, message }) => send(400, { __type: type, message }),
  }
}

/** A moment comes as a tagged number of seconds. */
function toJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object' || value === null) return value
  if ('tag' in value && 'value' in value) return toJson(value.value)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, toJson(member)]))
}

function toCbor(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((member) => toCbor(member, name))
  if (typeof value !== 'object' || value === null) return moment.test(name) && value !== null ? dateToTag(readMoment(value)) : value
  return Object.fromEntries(membersOf(value).map(([key, member]) => [key, toCbor(member, key)]))
}

const readMoment = (value: unknown) => new Date(typeof value === 'number' ? value * 1000 : String(value))

/** What is not set is left out. */
const membersOf = (value: object) => Object.entries(value).filter(([, member]) => member !== null && member !== undefined)

function readQuery(parameters: URLSearchParams, types: QueryTypes): Call {
  const action = parameters.get('Action') ?? ''
  const members = [...parameters].filter(([path]) => path !== 'Action' && path !== 'Version')
  const id = `<RequestId>${randomUUID()}</RequestId>`
  const send = (status: number, body: string) => ({ status, headers: { 'Content-Type': 'text/xml' }, body })
  return {
    action,
    input: nest(members.map(([path, text]) => [path.split('.'), readText(path, text, types)])) ?? {},
    answer: (output) => {
      const result = `<${action}Result>${render(output)}</${action}Result><ResponseMetadata>${id}</ResponseMetadata>`
      return send(200, `<${action}Response xmlns="${types.namespace}">${result}</${action}Response>`)
    },
    refuse: ({ type, message }) => {
      const error = `<Error><Type>Sender</Type><Code>${escape(type)}</Code><Message>${escape(message)}</Message></Error>`
      return send(400, `<ErrorResponse xmlns="${types.namespace}">${error}${id}</ErrorResponse>`)
    },
  }
}

function readText(path: string, text: string, { numbers, booleans }: QueryTypes): unknown {
  if (numbers.test(path)) return Number(text)
  return booleans.test(path) ? text === 'true' : text
}

/** https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#collection-and-map-serialization */
function nest(members: [path: string[], value: unknown][]): unknown {
  const [only] = members
  if (!only || only[0].length === 0) return only?.[1]
  const groups = Map.groupBy(members, ([[first = '']]) => first)
  const rest = (group: [string[], unknown][] = []) => nest(group.map(([[, ...path], value]) => [path, value]))
  if (groups.size !== 1 || !groups.has('member')) return Object.fromEntries([...groups].map(([name, group]) => [name, rest(group)]))
  const list = Map.groupBy(members, ([[, index = '']]) => Number(index))
  return [...list.keys()].sort((a, b) => a - b).map((index) => nest(list.get(index)?.map(([[, , ...path], value]) => [path, value]) ?? []))
}

/** https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#xml-shape-serialization */
function render(value: unknown, name = ''): string {
  if (Array.isArray(value)) return value.map((member) => `<member>${render(member, name)}</member>`).join('')
  if (typeof value !== 'object' || value === null) return escape(moment.test(name) ? readMoment(value).toISOString() : String(value))
  return membersOf(value).map(([key, member]) => `<${key}>${render(member, key)}</${key}>`).join('')
}

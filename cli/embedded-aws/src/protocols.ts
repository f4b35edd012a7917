import { randomUUID } from 'node:crypto'
import { cbor, dateToTag } from '@smithy/core/cbor'
import { AwsError } from './aws-error.ts'
import type { Model, Shape } from './models/model.ts'
import { escape } from './xml.ts'

/** One request, whatever protocol it came in. */
export type Call = { action: string; input: () => unknown; answer: (output: unknown) => Answer; refuse: (error: AwsError, status?: number) => Answer }
export type Answer = { status: number; headers: Record<string, string>; body: string | Uint8Array }

type Request = { url: string; headers: Record<string, string | string[] | undefined>; body: Buffer }

/**
 * Reads a request in any of the protocols that AWS's services speak beside S3's and EC2's own: AWS JSON, RPC v2 CBOR and
 * Query. What a protocol does not tell of types, the service's model does.
 * https://smithy.io/2.0/aws/protocols/index.html, https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
 * `input` throws an AwsError `SerializationException` when it cannot be read.
 */
export function readCall({ url, headers, body }: Request, model: Model): Call {
  if (headers['smithy-protocol'] === 'rpc-v2-cbor') return readCbor(url, body, model)
  const target = headers['x-amz-target']
  if (typeof target === 'string') return readJson(target, String(headers['content-type'] ?? 'application/x-amz-json-1.1'), body.toString())
  return readQuery(new URLSearchParams(body.toString() || url.split('?')[1]), model)
}

function readJson(target: string, type: string, text: string): Call {
  const send = (status: number, output: unknown) => ({ status, headers: { 'Content-Type': type }, body: JSON.stringify(output) })
  return {
    action: target.split('.').at(-1) ?? '',
    input: () => (text === '' ? {} : readable(() => JSON.parse(text))),
    answer: (output) => send(200, output),
    refuse: ({ type: __type, message }, status = 400) => send(status, { __type, message }),
  }
}

function readCbor(url: string, body: Buffer, model: Model): Call {
  const headers = { 'Content-Type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' }
  const send = (status: number, output: unknown, more = {}) => ({ status, headers: { ...headers, ...more }, body: cbor.serialize(output) })
  const action = /\/operation\/(\w+)/.exec(url)?.[1] ?? ''
  return {
    action,
    input: () => (body.length === 0 ? {} : readable(() => toJson(cbor.deserialize(body)))),
    answer: (output) => send(200, withMoments(model, action, output, dateToTag)),
    // https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#aws-query-compatible-trait
    refuse: ({ type: __type, message }, status = 400) => send(status, { __type, message }, { 'x-amzn-query-error': `${__type};Sender` }),
  }
}

function readable(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    throw new AwsError('SerializationException', (error as Error).message)
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

function readQuery(parameters: URLSearchParams, model: Model): Call {
  const action = parameters.get('Action') ?? ''
  const members = [...parameters].filter(([path]) => path !== 'Action' && path !== 'Version')
  const id = `<RequestId>${randomUUID()}</RequestId>`
  const send = (status: number, body: string) => ({ status, headers: { 'Content-Type': 'text/xml' }, body })
  const { xmlNamespace = '', operations } = model
  return {
    action,
    input: () => withTypes(model, operations[action]?.input, nest(members.map(([path, text]) => [path.split('.'), text])) ?? {}),
    answer: (output) => {
      const result = `<${action}Result>${render(withMoments(model, action, output, (date) => date.toISOString()))}</${action}Result>`
      return send(200, `<${action}Response xmlns="${xmlNamespace}">${result}<ResponseMetadata>${id}</ResponseMetadata></${action}Response>`)
    },
    refuse: ({ type, message }, status = 400) => {
      const error = `<Error><Type>${status < 500 ? 'Sender' : 'Receiver'}</Type><Code>${escape(type)}</Code><Message>${escape(message)}</Message></Error>`
      return send(status, `<ErrorResponse xmlns="${xmlNamespace}">${error}${id}</ErrorResponse>`)
    },
  }
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

/** In the Query protocol all is text, and an empty list an empty one. */
function withTypes(model: Model, shapeName: string | undefined, value: unknown): unknown {
  return walk(model, shapeName, value, ({ type }, text) => {
    if (type === 'list' && text === '') return []
    if (typeof text !== 'string') return text
    if (/^(integer|long|double|float)$/.test(type)) return Number(text)
    return type === 'boolean' ? text === 'true' : text
  })
}

/** An answer with its moments, in JSON seconds since 1970, in another form; without what is not set. */
function withMoments(model: Model, action: string, output: unknown, write: (date: Date) => unknown): unknown {
  const read = (value: unknown) => new Date(typeof value === 'number' ? value * 1000 : String(value))
  return walk(model, model.operations[action]?.output, output, ({ type }, value) => (type === 'timestamp' ? write(read(value)) : value))
}

/** A value with its parts changed as their shapes tell; without those that are not set. */
function walk(model: Model, shapeName: string | undefined, value: unknown, change: (shape: Shape, value: unknown) => unknown): unknown {
  const shape = model.shapes[shapeName ?? '']
  if (Array.isArray(value)) return value.map((member) => walk(model, shape?.member, member, change))
  if (typeof value !== 'object' || value === null) return shape ? change(shape, value) : value
  return Object.fromEntries(membersOf(value).map(([name, member]) => [name, walk(model, shape?.members?.[name] ?? shape?.value, member, change)]))
}

const membersOf = (value: object) => Object.entries(value).filter(([, member]) => member !== null && member !== undefined)

/** https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#xml-shape-serialization */
function render(value: unknown): string {
  if (Array.isArray(value)) return value.map((member) => `<member>${render(member)}</member>`).join('')
  if (typeof value !== 'object' || value === null) return escape(String(value))
  return membersOf(value).map(([key, member]) => `<${key}>${render(member)}</${key}>`).join('')
}

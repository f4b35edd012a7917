// What of AWS's service models the embedded AWS is held to, and what a newer model has besides.
import { gunzipSync } from 'node:zlib'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Model, Operation, Shape } from '../src/models/model.ts'

/** A service as botocore names its folder, and what the gateway does of it. */
export type Service = {
  name: string
  apiVersion: string
  /** Operations that the gateway answers itself. */
  answered: readonly string[]
  /** Operations that ministack answers, and whose requests or answers the gateway checks or completes. */
  completed: readonly string[]
  /** Whether the gateway speaks all protocols of the service, and ministack one: then every operation's shapes count. */
  isTranslated?: boolean
}

type Reference = { shape: string; locationName?: string }
type BotocoreShape = Omit<Shape, 'members' | 'member' | 'key' | 'value'> & { members?: Record<string, Reference>; member?: Reference; key?: Reference; value?: Reference; error?: { code?: string } }
type BotocoreModel = { metadata: { xmlNamespace?: string; protocol: string }; operations: Record<string, { input?: Reference; output?: Reference; errors?: Reference[] }>; shapes: Record<string, BotocoreShape> }

/**
 * Reads a service's model, reduced to what decides whether a request or an answer is right.
 * @param packages a folder that pip installs into, with botocore in it
 * @throws Error when there is no botocore
 */
export function readContract(packages: string, { name, apiVersion, answered, completed, isTranslated }: Service): Model {
  const model = JSON.parse(gunzipSync(readFileSync(join(packages, 'botocore', 'data', name, apiVersion, 'service-2.json.gz'))).toString()) as BotocoreModel
  const [info] = globSync('botocore-*.dist-info', { cwd: packages })
  const codeOf = (shape: string) => (model.metadata.protocol === 'query' ? model.shapes[shape]?.error?.code : undefined) ?? shape
  const operations = Object.entries(model.operations).map(([operation, given]): [string, Operation] => [
    operation,
    isTranslated || answered.includes(operation) || completed.includes(operation)
      ? { input: given.input?.shape, output: given.output?.shape, errors: (given.errors ?? []).map(({ shape }) => codeOf(shape)).sort() }
      : { errors: [] },
  ])
  const { xmlNamespace, protocol } = model.metadata
  const isXml = /^(query|ec2)$/.test(protocol)
  const shapes: Record<string, Shape> = {}
  const keep = (shapeName: string | undefined) => {
    const shape = shapeName && !(shapeName in shapes) ? model.shapes[shapeName] : undefined
    if (!shapeName || !shape) return
    const { members, member, key, value } = shape
    shapes[shapeName] = { ...reduce(shape), ...(isXml ? elementsOf(shape) : {}) }
    for (const next of [...Object.values(members ?? {}), member, key, value]) keep(next?.shape)
  }
  for (const [, { input, output }] of operations) for (const shape of [input, output]) keep(shape)
  return { source: `botocore ${basename(info ?? '').replace(/^botocore-|\.dist-info$/g, '')}`, xmlNamespace, operations: sorted(operations), shapes: sorted(Object.entries(shapes)) }
}

function reduce({ type, members, required, document, member, key, value, enum: values, min, max, pattern }: BotocoreShape): Shape {
  return {
    type,
    members: members && sorted(Object.entries(members).map(([name, { shape }]) => [name, shape])),
    required,
    document,
    member: member?.shape,
    key: key?.shape,
    value: value?.shape,
    enum: values,
    min,
    max,
    // The patterns are Java's, which has a name for what can be printed, and takes any escape.
    pattern: pattern?.replaceAll('\\p{Print}', '[ -~]').replaceAll('\\_', '_'),
  }
}

/** https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#xml-shape-serialization, and EC2's */
function elementsOf({ members = {}, member }: BotocoreShape): Pick<Shape, 'elements' | 'element'> {
  const renamed = Object.entries(members).filter(([name, { locationName = name }]) => locationName !== name)
  return {
    ...(renamed.length > 0 ? { elements: sorted(renamed.map(([name, { locationName }]) => [name, locationName as string])) } : {}),
    ...(member?.locationName && member.locationName !== 'member' ? { element: member.locationName } : {}),
  }
}

const sorted = <Value>(entries: [string, Value][]): Record<string, Value> => Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))

/** Operations, members and enum values that a newer model has of what the older one knows. */
export function findNewNames(older: Model, newer: Model): string[] {
  const operations = Object.keys(newer.operations).filter((name) => !(name in older.operations))
  const members = Object.entries(newer.shapes).flatMap(([shapeName, shape]) => {
    const known = older.shapes[shapeName]
    if (!known) return []
    const added = Object.keys(shape.members ?? {}).filter((name) => !(name in (known.members ?? {})))
    const values = (shape.enum ?? []).filter((value) => !known.enum?.includes(value))
    return [...added, ...values].map((name) => `${shapeName}.${name}`)
  })
  return [...operations, ...members]
}

// What of AWS's service models the embedded AWS is held to, and what a newer model has besides.
import { gunzipSync } from 'node:zlib'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Model, Operation, Shape } from '../src/models/model.ts'

/** A service as botocore names its folder, and the operations that the gateway answers itself. */
export type Service = { name: string; apiVersion: string; answered: string[] }

type Reference = { shape: string }
type BotocoreShape = Omit<Shape, 'members' | 'member' | 'key' | 'value'> & { members?: Record<string, Reference>; member?: Reference; key?: Reference; value?: Reference }
type BotocoreModel = { operations: Record<string, { input?: Reference; output?: Reference; errors?: Reference[] }>; shapes: Record<string, BotocoreShape> }

/**
 * Reads a service's model, reduced to what decides whether a request or an answer is right.
 * @param packages a folder that pip installs into, with botocore in it
 * @throws Error when there is no botocore
 */
export function readContract(packages: string, { name, apiVersion, answered }: Service): Model {
  const model = JSON.parse(gunzipSync(readFileSync(join(packages, 'botocore', 'data', name, apiVersion, 'service-2.json.gz'))).toString()) as BotocoreModel
  const [info] = globSync('botocore-*.dist-info', { cwd: packages })
  const operations = Object.entries(model.operations).map(([operation, given]): [string, Operation] => [
    operation,
    answered.includes(operation)
      ? { input: given.input?.shape, output: given.output?.shape, errors: (given.errors ?? []).map(({ shape }) => shape).sort() }
      : { errors: [] },
  ])
  const shapes: Record<string, Shape> = {}
  const keep = (shapeName: string | undefined) => {
    const shape = shapeName && !(shapeName in shapes) ? model.shapes[shapeName] : undefined
    if (!shapeName || !shape) return
    const { members, member, key, value } = shape
    shapes[shapeName] = reduce(shape)
    for (const next of [...Object.values(members ?? {}), member, key, value]) keep(next?.shape)
  }
  for (const [, { input, output }] of operations) for (const shape of [input, output]) keep(shape)
  return { source: `botocore ${basename(info ?? '').replace(/^botocore-|\.dist-info$/g, '')}`, operations: sorted(operations), shapes: sorted(Object.entries(shapes)) }
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
    // The patterns are Java's, which has a name for what can be printed.
    pattern: pattern?.replaceAll('\\p{Print}', '[ -~]'),
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

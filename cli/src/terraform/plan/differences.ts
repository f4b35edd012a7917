import { isDeepStrictEqual } from 'node:util'
import { redact } from '../../platform/terminal/secrets.ts'
import type { ShownChange } from './schema.ts'

/** One attribute that changes; a side is null where there is nothing, and never shows a sensitive value. */
export type Difference = { path: string; before: string | null; after: string | null }

export const sensitive = '(sensitive value)'
export const knownAfterApply = '(known after apply)'

/** One side of an attribute: its value, and which parts of it are sensitive or not known yet. */
type Side = { value: unknown; sensitive: unknown; unknown: unknown }

/** What tells the items of a list apart, whatever their order: those of containers, rules, statements and settings. */
const keyNames = ['name', 'key', 'Sid', 'sid', 'id', 'capacity_provider', 'container_name', 'containerPort', 'target_group_arn']

/**
 * Every attribute that a change makes different; texts that are JSON, as policies and container definitions are, by their
 * parts.
 * @param path what the attributes are part of
 */
export function findDifferences({ before, after, after_unknown, before_sensitive, after_sensitive }: ShownChange, path = ''): Difference[] {
  const found = compare(path, { value: before, sensitive: before_sensitive, unknown: false }, { value: after, sensitive: after_sensitive, unknown: after_unknown })
  const paths = new Set(found.map((each) => each.path))
  return found.filter((each) => !paths.has(each.path.replace(/^tags_all\b/, 'tags')) || !each.path.startsWith('tags_all'))
}

/** An attribute's name from the steps that lead to it: `setting[0].value`. */
export function formatPath(steps: unknown[]): string {
  return steps.reduce<string>((path, step) => (typeof step === 'number' ? `${path}[${step}]` : join(path, typeof step === 'string' ? step : JSON.stringify(step))), '')
}

const join = (path: string, name: string) => (path === '' ? name : `${path}.${name}`)

function compare(path: string, before: Side, after: Side): Difference[] {
  if (before.sensitive === true || after.sensitive === true || after.unknown === true) return compareWhole(path, before, after)
  const [was, becomes] = [opened(before), opened(after)]
  if (isMap(was, becomes)) return compareMaps(path, { ...before, value: was }, { ...after, value: becomes })
  if (isList(was, becomes)) return compareLists(path, { ...before, value: was }, { ...after, value: becomes })
  return compareWhole(path, before, after)
}

function compareWhole(path: string, before: Side, after: Side): Difference[] {
  if (after.unknown !== true && (isDeepStrictEqual(before.value, after.value) || (isEmpty(before.value) && isEmpty(after.value)))) return []
  // A value that was sensitive, or becomes so, is often the same on the other side.
  const hidden = before.sensitive === true || after.sensitive === true
  return [{ path, before: show({ ...before, sensitive: hidden }), after: show({ ...after, sensitive: hidden }) }]
}

function show({ value, sensitive: hidden, unknown }: Side): string | null {
  if (unknown === true) return knownAfterApply
  if (value === undefined || value === null) return null
  return hidden === true ? sensitive : redact(JSON.stringify(value))
}

/** The structure within a text that is JSON; any other value as it is. */
function opened({ value, sensitive: hidden, unknown }: Side): unknown {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value) || hasMark(hidden) || hasMark(unknown)) return value
  try {
    return JSON.parse(value) as unknown
  } catch {
    return value
  }
}

const hasMark = (marks: unknown): boolean => marks === true || (isObject(marks) && Object.values(marks).some(hasMark))
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
const isNothing = (value: unknown) => value === undefined || value === null
/** Providers answer with an empty text where nothing is set. */
const isEmpty = (value: unknown) => isNothing(value) || value === ''
const isPlain = (value: unknown) => isObject(value) && !Array.isArray(value)
/** Whether both are maps, or one is and the other nothing, of which all is then added or removed. */
const isMap = (a: unknown, b: unknown) => (isPlain(a) && (isPlain(b) || isNothing(b))) || (isPlain(b) && isNothing(a))
const isList = (a: unknown, b: unknown) => (Array.isArray(a) && (Array.isArray(b) || isNothing(b))) || (Array.isArray(b) && isNothing(a))

function part({ value, sensitive: hidden, unknown }: Side, key: string | number): Side {
  const of = (whole: unknown): unknown => (isObject(whole) ? (whole as Record<string | number, unknown>)[key] : undefined)
  return { value: of(value), sensitive: hidden === true || of(hidden), unknown: unknown === true || of(unknown) }
}

function compareMaps(path: string, before: Side, after: Side): Difference[] {
  const names = [before.value, after.value, after.unknown].flatMap((each) => (isObject(each) ? Object.keys(each) : []))
  return [...new Set(names)].sort().flatMap((name) => compare(join(path, name), part(before, name), part(after, name)))
}

function compareLists(path: string, before: Side, after: Side): Difference[] {
  const [was, becomes] = [itemsOf(before), itemsOf(after)]
  const key = keyNames.find((name) => [was, becomes].every((items) => areKeyed(items, name)))
  if (key) return compareByKey(path, byKey(was, key), byKey(becomes, key))
  if ([...was, ...becomes].every(isSimple)) return compareValues(path, was, becomes)
  const length = Math.max(was.length, becomes.length)
  const none: Side = { value: undefined, sensitive: false, unknown: false }
  return Array.from({ length }, (_, index) => compare(`${path}[${index}]`, was[index] ?? none, becomes[index] ?? none)).flat()
}

const itemsOf = (list: Side): Side[] => (Array.isArray(list.value) ? list.value.map((_, index) => part(list, index)) : [])
const isSimple = ({ value, sensitive: hidden, unknown }: Side) => !isObject(value) && !hasMark(hidden) && !hasMark(unknown)

function areKeyed(items: Side[], name: string): boolean {
  const keys = items.map((item) => part(item, name)).map(({ value, sensitive: hidden, unknown }) => (hidden || unknown ? undefined : value))
  return keys.every((key) => ['string', 'number'].includes(typeof key)) && new Set(keys).size === keys.length
}

const byKey = (items: Side[], name: string) => new Map(items.map((item) => [String(part(item, name).value), item]))

function compareByKey(path: string, was: Map<string, Side>, becomes: Map<string, Side>): Difference[] {
  const none: Side = { value: undefined, sensitive: false, unknown: false }
  return [...new Set([...was.keys(), ...becomes.keys()])].flatMap((key) => compare(`${path}[${key}]`, was.get(key) ?? none, becomes.get(key) ?? none))
}

/** What was taken out and what was put in; a list that has only another order is shown whole. */
function compareValues(path: string, was: Side[], becomes: Side[]): Difference[] {
  const [gone, come] = [without(was, becomes), without(becomes, was)]
  const whole = (items: Side[]) => redact(JSON.stringify(items.map(({ value }) => value)))
  if (gone.length + come.length === 0 && whole(was) !== whole(becomes)) return [{ path, before: whole(was), after: whole(becomes) }]
  return [
    ...gone.map((item) => ({ path, before: show(item), after: null })),
    ...come.map((item) => ({ path, before: null, after: show(item) })),
  ]
}

function without(items: Side[], others: Side[]): Side[] {
  const left = others.map(({ value }) => value)
  return items.filter(({ value }) => {
    const index = left.indexOf(value)
    if (index >= 0) left.splice(index, 1)
    return index < 0
  })
}

/** Stands for what only Terraform can tell; whatever is computed from it is unknown too. */
export const unknown: unique symbol = Symbol('unknown')

export type ObjectValue = { [name: string]: Value }
export type Value = string | number | boolean | null | typeof unknown | Value[] | ObjectValue

export const isObject = (value: Value): value is ObjectValue =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** An expression that Terraform would refuse with these values; `can` and `try` catch it. */
export class EvaluationError extends Error {}

/** An object of its own: names such as __proto__ mean nothing in it. */
export function objectOf(entries: Iterable<[string, Value]>): ObjectValue {
  const object = Object.create(null) as ObjectValue
  for (const [name, value] of entries) object[name] = value
  return object
}

export function isWhollyKnown(value: Value): boolean {
  if (value === unknown) return false
  if (Array.isArray(value)) return value.every(isWhollyKnown)
  return isObject(value) ? Object.values(value).every(isWhollyKnown) : true
}

export function isEqual(a: Value, b: Value): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index] ?? null))
  if (isObject(a) && isObject(b)) {
    const names = Object.keys(a)
    return (
      names.length === Object.keys(b).length &&
      names.every((name) => name in b && isEqual(a[name] ?? null, b[name] ?? null))
    )
  }
  return a === b
}

/** The first of each group of equal values. */
export function distinct(list: Value[]): Value[] {
  return [
    ...new Map(
      list.map((item): [string | symbol, Value] => [typeof item === 'symbol' ? item : JSON.stringify(item), item]),
    ).values(),
  ]
}

/** The string Terraform makes of a primitive value; undefined for any other. */
export function asString(value: Value): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined
}

/** The number Terraform makes of a number or a string; undefined for any other. */
export function asNumber(value: Value): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value) ? Number(value) : undefined
}

/** The bool Terraform makes of a bool or a string; undefined for any other. */
export function asBool(value: Value): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (value === 'true' || value === '1') return true
  return value === 'false' || value === '0' ? false : undefined
}

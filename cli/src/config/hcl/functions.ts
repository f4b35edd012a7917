import { cidrhost, cidrnetmask, cidrsubnet } from './cidr.ts'
import {
  asBool,
  asNumber,
  asString,
  distinct,
  EvaluationError,
  isEqual,
  isObject,
  unknown,
  type Value,
} from './values.ts'

type Implementation = (...args: Value[]) => Value
const maxMatchedLength = 10_000

/**
 * Calls one of Terraform's functions (https://developer.hashicorp.com/terraform/language/functions) with known values.
 * @returns `unknown` for one that is not here
 * @throws EvaluationError where Terraform refuses the arguments
 */
export function callFunction(name: string, args: Value[]): Value {
  const implementation = implementations.get(name)
  return implementation ? implementation(...args) : unknown
}

const text = (value: Value | undefined) => asString(value ?? null) ?? refuse('a string is required')
const number = (value: Value | undefined) => asNumber(value ?? null) ?? refuse('a number is required')
const items = (value: Value | undefined) => (Array.isArray(value) ? value : refuse('a list is required'))
const object = (value: Value | undefined) =>
  value !== undefined && isObject(value) ? value : refuse('a map is required')
const allOf = (values: Value[], test: 'every' | 'some') =>
  values[test]((value) => asBool(value) ?? refuse('a bool is required'))

const implementations = new Map<string, Implementation>(
  Object.entries<Implementation>({
    abs: (value) => Math.abs(number(value)),
    alltrue: (list) => allOf(items(list), 'every'),
    anytrue: (list) => allOf(items(list), 'some'),
    ceil: (value) => Math.ceil(number(value)),
    cidrhost: (prefix, host) => cidrhost(text(prefix), number(host)),
    cidrnetmask: (prefix) => cidrnetmask(text(prefix)),
    cidrsubnet: (prefix, bits, network) => cidrsubnet(text(prefix), number(bits), number(network)),
    concat: (...lists) => lists.flatMap((list) => items(list)),
    contains: (list, value = null) => items(list).some((item) => isEqual(item, value)),
    distinct: (list) => distinct(items(list)),
    endswith: (value, end) => text(value).endsWith(text(end)),
    floor: (value) => Math.floor(number(value)),
    join: (separator, list) => items(list).map(text).join(text(separator)),
    keys: (map) => Object.keys(object(map)).sort(),
    length: (value) => measure(value),
    lookup: (map, key, fallback) => object(map)[text(key)] ?? fallback ?? refuse('no such key'),
    lower: (value) => text(value).toLowerCase(),
    max: (...values) => Math.max(...values.map(number)),
    merge: (...maps) => Object.assign(Object.create(null) as object, ...maps.map(object)) as Value,
    min: (...values) => Math.min(...values.map(number)),
    range: (...limits) => range(limits.map(number)),
    regex: (pattern, value) => match(text(pattern), text(value)),
    regexall: (pattern, value) => matchAll(text(pattern), text(value)),
    split: (separator, value) => text(value).split(text(separator)),
    startswith: (value, start) => text(value).startsWith(text(start)),
    strcontains: (value, part) => text(value).includes(text(part)),
    sum: (list) =>
      items(list)
        .map(number)
        .reduce((total, value) => total + value, 0),
    tobool: (value = null) => (value === null ? null : (asBool(value) ?? refuse('no bool'))),
    tolist: (list) => items(list),
    tonumber: (value = null) => (value === null ? null : (asNumber(value) ?? refuse('no number'))),
    toset: (list) => distinct(items(list)),
    tostring: (value = null) => (value === null ? null : text(value)),
    trimprefix: (value, start) =>
      text(value).startsWith(text(start)) ? text(value).slice(text(start).length) : text(value),
    trimspace: (value) => text(value).trim(),
    trimsuffix: (value, end) =>
      text(value).endsWith(text(end)) ? text(value).slice(0, text(value).length - text(end).length) : text(value),
    upper: (value) => text(value).toUpperCase(),
    values: (map) =>
      Object.entries(object(map))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, value]) => value),
  }),
)

function measure(value: Value | undefined): number {
  if (typeof value === 'string') return [...new Intl.Segmenter('en').segment(value)].length
  return Array.isArray(value) ? value.length : Object.keys(object(value)).length
}

function range(limits: number[]): Value {
  const [first = 0, second, third] = limits
  const [start, limit] = second === undefined ? [0, first] : [first, second]
  const step = third ?? (start <= limit ? 1 : -1)
  const count = Math.max(0, Math.ceil((limit - start) / step))
  if (step === 0 || count > 1024) refuse('more than 1024 values')
  return Array.from({ length: count }, (_, index) => start + index * step)
}

function match(pattern: string, value: string): Value {
  const expression = compile(pattern, value)
  if (!expression) return unknown
  const found = expression.exec(value)
  return found ? readMatch(found) : refuse('the pattern does not match')
}

function matchAll(pattern: string, value: string): Value {
  const expression = compile(pattern, value, 'g')
  return expression ? [...value.matchAll(expression)].map(readMatch) : unknown
}

function readMatch(found: RegExpExecArray): Value {
  if (found.groups)
    return Object.fromEntries(Object.entries(found.groups).map(([name, group]) => [name, group ?? null]))
  return found.length > 1 ? found.slice(1).map((group) => group ?? null) : found[0]
}

/**
 * The pattern for JavaScript; undefined where it may mean something else to RE2.
 * https://github.com/google/re2/wiki/Syntax
 */
function compile(pattern: string, value: string, flags = ''): RegExp | undefined {
  const differs = /\(\?(?!:|P?<)|\[\[:|\\[AzZQECpPbB]|\(\?<[=!]|\\\d/.test(pattern)
  if (differs || value.length > maxMatchedLength) return undefined
  try {
    // eslint-disable-next-line security/detect-non-literal-regexp -- the project's own validation
    return new RegExp(pattern.replaceAll('(?P<', '(?<'), `u${flags}`)
  } catch {
    return undefined
  }
}

function refuse(message: string): never {
  throw new EvaluationError(message)
}

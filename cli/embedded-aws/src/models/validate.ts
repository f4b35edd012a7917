import { AwsError } from '../aws-error.ts'
import type { Model, Shape } from './model.ts'

/** What a value lacks to be of its shape. `serialization`: no server of AWS's could read it at all. */
export type Problem = { path: string; kind: 'serialization' | 'constraint' | 'unknown'; text: string }

/** Types as AWS's JSON protocols name what they read, and what they were to make of it. */
const tokenOf = { string: 'STRING_VALUE', number: 'NUMBER_VALUE', boolean: 'TRUE_VALUE' } as const
const nameOf: Partial<Record<Shape['type'], string>> = { string: 'String', integer: 'Integer', long: 'Long', double: 'Double', float: 'Float', boolean: 'Boolean' }

/**
 * Holds a request to the service's model.
 * @param refusal the service's name for input that breaks a constraint
 * @throws AwsError `SerializationException` for a wrong type; `refusal` with the first broken constraint
 */
export function requireValid(model: Model, action: string, input: unknown, refusal: string): void {
  const shape = model.operations[action]?.input
  if (!shape) return
  const problems = findProblems(model, shape, input)
  const unreadable = problems.find(({ kind }) => kind === 'serialization')
  if (unreadable) throw new AwsError('SerializationException', unreadable.text)
  const broken = problems.filter(({ kind }) => kind === 'constraint').map(({ text }) => text)
  if (broken.length === 0) return
  throw new AwsError(refusal, `${broken.length} validation error${broken.length > 1 ? 's' : ''} detected: ${broken.join('; ')}`)
}

/**
 * Everything in which a value differs from a shape. Absent and null are the same, and members that the shape does not
 * have are `unknown`: requests may hold them, answers may not.
 */
export function findProblems(model: Model, shapeName: string, value: unknown, path = ''): Problem[] {
  const shape = model.shapes[shapeName]
  if (!shape || shape.document) return []
  switch (shape.type) {
    case 'structure': return checkStructure(model, shape, value, path)
    case 'list': return checkList(model, shape, value, path)
    case 'map': return checkMap(model, shape, value, path)
    case 'timestamp': return typeof value === 'number' || typeof value === 'string' ? [] : [unreadable(path, 'Start of structure or map found where not expected.')]
    case 'blob':
    case 'string':
    case 'integer':
    case 'long':
    case 'double':
    case 'float':
    case 'boolean': return checkScalar(shape, value, path)
  }
}

function checkStructure(model: Model, { members = {}, required = [] }: Shape, value: unknown, path: string): Problem[] {
  if (!isRecord(value)) return [unreadable(path, 'Unexpected token found where a structure was expected.')]
  const missing = required.filter((name) => isAbsent(value[name])).map((name) => constraint(join(path, name), null, 'Member must not be null'))
  const given = Object.entries(value).filter(([, each]) => !isAbsent(each))
  return [
    ...missing,
    ...given.flatMap(([name, each]) => {
      const at = join(path, name)
      const member = Object.hasOwn(members, name) ? members[name] : undefined
      if (!member) return [{ path: at, kind: 'unknown' as const, text: `${at} is not a member` }]
      return findProblems(model, member, each, at)
    }),
  ]
}

function checkList(model: Model, shape: Shape, value: unknown, path: string): Problem[] {
  if (!Array.isArray(value)) return [unreadable(path, 'Unexpected token found where a list was expected.')]
  return [
    ...checkLength(shape, value.length, value, path),
    ...value.flatMap((each, index) => findProblems(model, shape.member ?? '', each, join(path, `${index + 1}.member`))),
  ]
}

function checkMap(model: Model, shape: Shape, value: unknown, path: string): Problem[] {
  if (!isRecord(value)) return [unreadable(path, 'Unexpected token found where a map was expected.')]
  const entries = Object.entries(value).filter(([, each]) => !isAbsent(each))
  return [
    ...checkLength(shape, entries.length, value, path),
    ...entries.flatMap(([key, each]) => [
      ...findProblems(model, shape.key ?? '', key, path),
      ...findProblems(model, shape.value ?? '', each, join(path, `${key}.member`)),
    ]),
  ]
}

function checkScalar(shape: Shape, value: unknown, path: string): Problem[] {
  const wanted = shape.type === 'string' || shape.type === 'blob' ? 'string' : shape.type === 'boolean' ? 'boolean' : 'number'
  const found = typeof value
  if (found !== wanted || (isWhole(shape) && !Number.isInteger(value))) {
    const token = tokenOf[found as keyof typeof tokenOf]
    return [unreadable(path, token ? `${token} can not be converted to ${withArticle(nameOf[shape.type] ?? 'String')}` : 'Start of structure or map found where not expected.')]
  }
  if (typeof value === 'string') return checkString(shape, value, path)
  return typeof value === 'number' ? checkRange(shape, value, path) : []
}

function checkString(shape: Shape, value: string, path: string): Problem[] {
  if (shape.enum && !shape.enum.includes(value)) return [constraint(path, value, `Member must satisfy enum value set: [${shape.enum.join(', ')}]`)]
  const problems = checkLength(shape, value.length, value, path)
  // eslint-disable-next-line security/detect-non-literal-regexp -- the patterns are AWS's
  if (shape.pattern && !new RegExp(`^(?:${shape.pattern})$`, 'u').test(value)) {
    problems.push(constraint(path, value, `Member must satisfy regular expression pattern: ${shape.pattern}`))
  }
  return problems
}

function checkLength({ min, max }: Shape, length: number, value: unknown, path: string): Problem[] {
  if (min !== undefined && length < min) return [constraint(path, value, `Member must have length greater than or equal to ${min}`)]
  if (max !== undefined && length > max) return [constraint(path, value, `Member must have length less than or equal to ${max}`)]
  return []
}

function checkRange({ min, max }: Shape, value: number, path: string): Problem[] {
  if (min !== undefined && value < min) return [constraint(path, value, `Member must have value greater than or equal to ${min}`)]
  if (max !== undefined && value > max) return [constraint(path, value, `Member must have value less than or equal to ${max}`)]
  return []
}

const constraint = (path: string, value: unknown, rule: string): Problem => {
  const shown = value === null ? 'null' : `'${typeof value === 'string' ? value : JSON.stringify(value)}'`
  return { path, kind: 'constraint', text: `Value ${shown} at '${lowerFirst(path)}' failed to satisfy constraint: ${rule}` }
}
const unreadable = (path: string, text: string): Problem => ({ path, kind: 'serialization', text })
const join = (path: string, name: string) => (path === '' ? name : `${path}.${name}`)
const lowerFirst = (text: string) => text.replace(/(^|\.)([A-Z])/g, (_, dot: string, letter: string) => dot + letter.toLowerCase())
const withArticle = (name: string) => `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`
const isWhole = ({ type }: Shape) => type === 'integer' || type === 'long'
const isAbsent = (value: unknown) => value === undefined || value === null
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

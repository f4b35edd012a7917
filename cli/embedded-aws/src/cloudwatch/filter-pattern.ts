import jsep, { type BinaryExpression, type Expression, type Identifier, type Literal, type MemberExpression, type UnaryExpression } from 'jsep'

jsep.addBinaryOp('=', 6)

/**
 * Makes a test of log lines from a filter pattern: terms, all of which a line has; `-term` for one that it has not; or one on
 * the members of a JSON line, `{ $.level = "error" && $.status >= 500 }`.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 * @returns a test that nothing passes, for a pattern that is not known here
 */
export function readPattern(pattern: string): (line: string) => boolean {
  const [, json] = /^\s*\{(.*)\}\s*$/s.exec(pattern) ?? []
  if (json !== undefined) return readJsonPattern(json)
  const terms = [...pattern.matchAll(/(-?)(?:"([^"]*)"|(\S+))/g)].map(([, minus, quoted, plain]) => ({ has: minus === '', text: quoted ?? plain ?? '' }))
  return (line) => terms.every(({ has, text }) => line.includes(text) === has)
}

function readJsonPattern(text: string): (line: string) => boolean {
  let expression: Expression
  try {
    expression = jsep(text)
  } catch {
    return () => false
  }
  return (line) => {
    try {
      return evaluate(expression, JSON.parse(line)) === true
    } catch {
      return false
    }
  }
}

const compare: Record<string, (left: unknown, right: unknown) => boolean> = {
  '&&': (left, right) => left === true && right === true,
  '||': (left, right) => left === true || right === true,
  '=': (left, right) => (typeof right === 'string' ? typeof left === 'string' && like(right, left) : left === right),
  '!=': (left, right) => !(typeof right === 'string' ? typeof left === 'string' && like(right, left) : left === right),
  '<': (left, right) => Number(left) < Number(right),
  '<=': (left, right) => Number(left) <= Number(right),
  '>': (left, right) => Number(left) > Number(right),
  '>=': (left, right) => Number(left) >= Number(right),
}

function evaluate(expression: Expression, line: unknown): unknown {
  if (expression.type === 'Literal') return (expression as Literal).value
  // `$` is the line; a word without quotes is a text.
  if (expression.type === 'Identifier') return (expression as Identifier).name === '$' ? line : (expression as Identifier).name
  if (expression.type === 'UnaryExpression') return -Number(evaluate((expression as UnaryExpression).argument, line))
  if (expression.type === 'MemberExpression') {
    const { object, property, computed } = expression as MemberExpression
    const key = computed ? evaluate(property, line) : (property as Identifier).name
    const holder = evaluate(object, line)
    return typeof holder === 'object' && holder !== null ? (holder as Record<string, unknown>)[String(key)] : undefined
  }
  const { operator, left, right } = expression as BinaryExpression
  return compare[operator]?.(evaluate(left, line), evaluate(right, line))
}

/** An asterisk stands for any text. */
function like(pattern: string, text: string): boolean {
  const [first = '', ...others] = pattern.split('*')
  if (others.length === 0) return text === pattern
  const last = others.pop() ?? ''
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
  let from = first.length
  return others.every((part) => {
    const found = text.indexOf(part, from)
    from = found + part.length
    return found >= 0
  })
}

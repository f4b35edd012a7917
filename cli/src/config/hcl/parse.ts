import {
  accept,
  atLineEnd,
  deeper,
  endOfLine,
  HclSyntaxError,
  peek,
  skipSpace,
  takeName,
  withNewlines,
  type Cursor,
} from './cursor.ts'
import { parseExpression } from './parse-expression.ts'
import { parseQuoted } from './parse-template.ts'
import type { Block, Body, Expression } from './tree.ts'

const maxErrors = 100

export type Parsed = { body: Body; errors: HclSyntaxError[] }

/**
 * Parses HCL native syntax and goes on after a mistake: an item that cannot be read is left out, with an error.
 * https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
 */
export function parse(text: string): Parsed {
  const cursor: Cursor = { text, at: 0, newlinesCount: true, depth: 0 }
  const errors: HclSyntaxError[] = []
  const body = parseBody(cursor, errors, false)
  return { body, errors }
}

/**
 * Parses one expression that is all of `text`.
 * @throws HclSyntaxError
 */
export function parseWholeExpression(text: string): Expression {
  const cursor: Cursor = { text, at: 0, newlinesCount: false, depth: 0 }
  const expression = parseExpression(cursor)
  skipSpace(cursor)
  if (cursor.at < text.length) {
    throw new HclSyntaxError(
      cursor.at,
      'Extra characters after expression',
      'An expression was successfully parsed, but extra characters were found after it.',
    )
  }
  return expression
}

/** A body's items, up to the end of the text or, inside a block, its closing brace (which is taken). */
function parseBody(cursor: Cursor, errors: HclSyntaxError[], inBlock: boolean): Body {
  const body: Body = { attributes: [], blocks: [], broken: [] }
  const opened = cursor.at - 1
  for (;;) {
    try {
      skipSpace(cursor, true)
    } catch (error) {
      errors.push(asSyntaxError(error))
      cursor.at = cursor.text.length
    }
    const start = cursor.at
    if (start >= cursor.text.length) {
      if (inBlock)
        errors.push(
          new HclSyntaxError(
            opened,
            'Unclosed configuration block',
            'There is no closing brace for this block before the end of the file.',
          ),
        )
      return body
    }
    if (inBlock && cursor.text[start] === '}') {
      cursor.at += 1
      return body
    }
    const depth = cursor.depth
    try {
      parseItem(cursor, body, errors)
    } catch (error) {
      const problem = asSyntaxError(error)
      errors.push(problem)
      const name = /^"?([\p{ID_Start}_][\p{ID_Continue}-]*)/u.exec(cursor.text.slice(start, start + 200))?.[1]
      if (name) body.broken.push(name)
      cursor.depth = depth
      const enough = problem.tooDeep || errors.length >= maxErrors
      cursor.at = enough ? cursor.text.length : findNextItem(cursor.text, start, Math.max(problem.end, start))
    }
  }
}

function asSyntaxError(error: unknown): HclSyntaxError {
  if (error instanceof HclSyntaxError) return error
  throw error
}

/** The next line after a mistake that starts no deeper than the item it was made in, and may start another one. */
function findNextItem(text: string, start: number, mistake: number): number {
  const indent = start - (text.lastIndexOf('\n', start - 1) + 1)
  for (let end = endOfLine(text, mistake); end < text.length; end = endOfLine(text, end + 1)) {
    const [, space = '', first = ''] = /^([ \t]*)([^\s]?)/.exec(text.slice(end + 1, end + 200)) ?? []
    const startsItem = space.length <= indent && /[\p{ID_Start}_"#/]/u.test(first)
    if (startsItem || (first === '}' && space.length < indent)) return end + 1
  }
  return text.length
}

function parseItem(cursor: Cursor, body: Body, errors: HclSyntaxError[]): void {
  const at = cursor.at
  const name = takeName(cursor)
  if (name === undefined) throw unexpectedItem(cursor)
  const next = peek(cursor)
  if (next === '=') {
    const value = parseAttribute(cursor)
    endLine(cursor, 'Missing newline after argument', 'An argument definition must end with a newline.')
    body.attributes.push({ name, at, value })
  } else if (next === '{' || next === '"' || /[\p{ID_Start}_]/u.test(next)) {
    body.blocks.push(parseBlock(cursor, name, at, errors))
  } else if (next === ':') {
    throw new HclSyntaxError(
      cursor.at,
      'Invalid argument definition',
      'Use an equals sign ("=") to set an argument, not a colon.',
    )
  } else {
    const detail = 'An argument or block definition is required here. To set an argument, write NAME = VALUE.'
    throw new HclSyntaxError(at, 'Argument or block definition required', detail)
  }
}

function unexpectedItem(cursor: Cursor): HclSyntaxError {
  if (cursor.text[cursor.at] === '"') {
    return new HclSyntaxError(cursor.at, 'Invalid argument name', 'Argument names must not be quoted.')
  }
  return new HclSyntaxError(
    cursor.at,
    'Argument or block definition required',
    'An argument or block definition is required here.',
  )
}

function parseAttribute(cursor: Cursor): Expression {
  cursor.at += 1
  return withNewlines(cursor, true, () => parseExpression(cursor))
}

function parseBlock(cursor: Cursor, type: string, at: number, errors: HclSyntaxError[]): Block {
  const labels: string[] = []
  while (peek(cursor) !== '{') labels.push(parseLabel(cursor))
  cursor.at += 1
  const body = atLineEnd(cursor) ? deeper(cursor, () => parseBody(cursor, errors, true)) : parseOneLineBody(cursor)
  endLine(cursor, 'Missing newline after block definition', 'A block definition must end with a newline.')
  return { type, labels, at, body }
}

function parseLabel(cursor: Cursor): string {
  if (peek(cursor) === '"') {
    const label = parseQuoted(cursor)
    if (label.kind === 'literal') return String(label.value)
    throw new HclSyntaxError(label.at, 'Invalid string literal', 'Template sequences are not allowed in this string.')
  }
  const label = takeName(cursor)
  if (label !== undefined) return label
  throw new HclSyntaxError(
    cursor.at,
    'Invalid block definition',
    'Either a quoted string block label or an opening brace ("{") is expected here.',
  )
}

/** `{ }` or `{ name = value }`. */
function parseOneLineBody(cursor: Cursor): Body {
  const body: Body = { attributes: [], blocks: [], broken: [] }
  if (accept(cursor, '}')) return body
  const at = cursor.at
  const name = takeName(cursor)
  if (name !== undefined && peek(cursor) === '=') {
    body.attributes.push({ name, at, value: parseAttribute(cursor) })
    if (accept(cursor, '}')) return body
  }
  throw new HclSyntaxError(
    cursor.at,
    'Invalid single-argument block definition',
    'A single-line block definition can contain only a single argument. Write each argument on its own line.',
  )
}

function endLine(cursor: Cursor, summary: string, detail: string): void {
  if (!atLineEnd(cursor)) throw new HclSyntaxError(cursor.at, summary, detail)
}

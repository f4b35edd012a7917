import { accept, endOfLine, expect, HclSyntaxError, take, takeName, withNewlines, type Cursor } from './cursor.ts'
import { parseExpression } from './parse-expression.ts'
import type { Expression, TemplatePart } from './tree.ts'

const escapes = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['"', '"'],
  ['\\', '\\'],
])
const plainQuoted = /[^"\\$%\n]+/y
const plainHeredoc = /[^$%\n]+/y
const heredocStart = /<<(-?)([\p{ID_Start}_][\p{ID_Continue}-]*)(?:\r?\n)/uy

/** A quoted template; the cursor is at its opening quote. A literal when nothing is interpolated. */
export function parseQuoted(cursor: Cursor): Expression {
  const at = cursor.at
  cursor.at += 1
  const parts: TemplatePart[] = []
  const open: string[] = []
  for (;;) {
    const char = cursor.text[cursor.at]
    if (char === undefined)
      throw new HclSyntaxError(at, 'Unterminated template string', 'No closing marker was found for the string.')
    if (char === '"') break
    if (char === '\n') {
      throw new HclSyntaxError(
        at,
        'Invalid multi-line string',
        'Quoted strings may not be split over multiple lines. Write \\n in them, or use a heredoc (<<EOT).',
      )
    }
    parts.push(char === '\\' ? takeEscape(cursor) : takePart(cursor, plainQuoted, open))
  }
  checkDirectivesClosed(cursor, open)
  cursor.at += 1
  return joinParts(at, parts)
}

/** A heredoc; the cursor is at its `<<`. Backslashes mean nothing in it, and `<<-` takes the indentation away. */
export function parseHeredoc(cursor: Cursor): Expression {
  const at = cursor.at
  heredocStart.lastIndex = at
  const [introduction, dash = '', marker = ''] = heredocStart.exec(cursor.text) ?? []
  if (introduction === undefined) {
    throw new HclSyntaxError(at, 'Invalid expression', 'A heredoc starts with << and a name, followed by a newline.')
  }
  cursor.at += introduction.length
  const parts: TemplatePart[] = []
  const open: string[] = []
  for (let lineStart = true; ;) {
    const lineEnd = endOfLine(cursor.text, cursor.at)
    if (lineStart && lineEnd < cursor.text.length && cursor.text.slice(cursor.at, lineEnd).trim() === marker) {
      checkDirectivesClosed(cursor, open)
      cursor.at += cursor.text.slice(cursor.at, lineEnd).trimEnd().length
      return joinParts(at, dash ? withoutIndentation(parts) : parts)
    }
    if (cursor.at >= cursor.text.length) {
      const detail = `No closing marker was found for the string: a line with ${marker} alone, ended by a newline.`
      throw new HclSyntaxError(at, 'Unterminated template string', detail, { end: cursor.at })
    }
    lineStart = cursor.text[cursor.at] === '\n'
    if (lineStart) {
      parts.push('\n')
      cursor.at += 1
    } else parts.push(takePart(cursor, plainHeredoc, open))
  }
}

function takePart(cursor: Cursor, plain: RegExp, open: string[]): TemplatePart {
  const { text, at } = cursor
  const two = text.slice(at, at + 2)
  if (two === '$$' || two === '%%') {
    const literal = text[at + 2] === '{'
    cursor.at += literal ? 3 : 1
    return literal ? `${two[0]}{` : (two[0] ?? '')
  }
  if (two === '${') return parseInterpolation(cursor)
  if (two === '%{') return parseDirective(cursor, open)
  const literal = take(cursor, plain)
  if (literal !== undefined) return literal
  cursor.at += 1
  return text[at] ?? ''
}

function takeEscape(cursor: Cursor): string {
  const { text, at } = cursor
  const char = text[at + 1] ?? ''
  const known = escapes.get(char)
  cursor.at += 2
  if (known !== undefined) return known
  const digits =
    char === 'u' ? take(cursor, /[0-9a-fA-F]{4}/y) : char === 'U' ? take(cursor, /[0-9a-fA-F]{8}/y) : undefined
  const codePoint = Number.parseInt(digits ?? '', 16)
  if (codePoint <= 0x10ffff) return String.fromCodePoint(codePoint)
  throw new HclSyntaxError(
    at,
    'Invalid escape sequence',
    `\\${char} is none of \\n, \\r, \\t, \\", \\\\, \\uNNNN and \\UNNNNNNNN. For a backslash write \\\\.`,
  )
}

function parseInterpolation(cursor: Cursor): Expression {
  const start = cursor.at
  cursor.at += 2
  return withNewlines(cursor, false, () => {
    accept(cursor, '~')
    const expression = parseExpression(cursor)
    accept(cursor, '~')
    if (accept(cursor, '}')) return expression
    if (cursor.at >= cursor.text.length) {
      throw new HclSyntaxError(
        start,
        'Unclosed template interpolation sequence',
        'There is no closing brace for this ${. For the characters themselves write $${.',
      )
    }
    throw new HclSyntaxError(
      cursor.at,
      'Extra characters after interpolation expression',
      'Expected a closing brace to end the interpolation expression.',
    )
  })
}

/** `%{ if }`, `%{ for }` and their ends. They are checked for balance; what they come to is left to Terraform. */
function parseDirective(cursor: Cursor, open: string[]): Expression {
  const at = cursor.at
  cursor.at += 2
  return withNewlines(cursor, false, () => {
    accept(cursor, '~')
    const word = takeName(cursor) ?? ''
    const args: Expression[] = []
    if (word === 'if') args.push(parseExpression(cursor))
    else if (word === 'for') args.push(parseForDirective(cursor))
    else if (word === 'endif' || word === 'endfor' || word === 'else') checkDirective(open, word, at)
    else
      throw new HclSyntaxError(
        at,
        'Invalid template directive',
        'The directives are if, else, endif, for and endfor. For the characters themselves write %%{.',
      )
    if (word === 'if' || word === 'for') open.push(word)
    if (word.startsWith('end')) open.pop()
    accept(cursor, '~')
    expect(cursor, '}', 'Invalid template directive', 'Close the directive with }.')
    return { kind: 'call', at, name: `%{${word}}`, args, spread: false }
  })
}

function parseForDirective(cursor: Cursor): Expression {
  takeName(cursor)
  if (accept(cursor, ',')) takeName(cursor)
  if (takeName(cursor) !== 'in')
    throw new HclSyntaxError(cursor.at, 'Invalid template directive', 'Write it as: %{ for NAME in COLLECTION }.')
  return parseExpression(cursor)
}

function checkDirective(open: string[], word: string, at: number): void {
  const opener = word === 'endfor' ? 'for' : 'if'
  if (open.at(-1) !== opener)
    throw new HclSyntaxError(at, 'Invalid template directive', `%{ ${word} } has no %{ ${opener} } before it.`)
}

function checkDirectivesClosed(cursor: Cursor, open: string[]): void {
  const word = open.at(-1)
  if (word)
    throw new HclSyntaxError(cursor.at, 'Unclosed template directive', `Close %{ ${word} } with %{ end${word} }.`)
}

function joinParts(at: number, parts: TemplatePart[]): Expression {
  if (parts.every((part) => typeof part === 'string'))
    return { kind: 'literal', at, value: parts.join('').normalize('NFC') }
  return { kind: 'template', at, parts }
}

function withoutIndentation(parts: TemplatePart[]): TemplatePart[] {
  const isLineStart = (index: number) => index === 0 || parts[index - 1] === '\n'
  const indents = parts.flatMap((part, index) =>
    isLineStart(index) && part !== '\n' ? [typeof part === 'string' ? part.length - part.trimStart().length : 0] : [],
  )
  const indent = indents.reduce((least, each) => Math.min(least, each), Infinity)
  return parts.map((part, index) =>
    isLineStart(index) && typeof part === 'string' && part !== '\n' ? part.slice(indent) : part,
  )
}

/** The value of a variable; undefined when it is not set. */
export type Lookup = (name: string) => string | undefined

/** A Dockerfile's text cannot be read. */
export class WordError extends Error {}

/**
 * Replaces variables and removes quotes (https://docs.docker.com/reference/dockerfile/#environment-replacement).
 * @throws WordError for what only a newer builder understands, and for a quote without an end
 */
export function expand(text: string, lookup: Lookup, escape: string): string {
  let result = ''
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === "'") {
      const end = findEnd(text, "'", at + 1)
      result += text.slice(at + 1, end)
      at = end
    } else if (character === '"') {
      const end = findClosingQuote(text, at + 1, escape)
      result += expandQuoted(text.slice(at + 1, end), lookup, escape)
      at = end
    } else if (character === escape) {
      result += text[++at] ?? ''
    } else if (character === '$') {
      const { value, length } = expandVariable(text.slice(at), lookup, escape)
      result += value
      at += length - 1
    } else result += character
  }
  return result
}

/** Within double quotes the escape character keeps its meaning before `"`, `$` and itself alone. */
function expandQuoted(text: string, lookup: Lookup, escape: string): string {
  let result = ''
  for (let at = 0; at < text.length; at++) {
    const next = text[at + 1]
    if (text[at] === escape && next !== undefined && ['"', '$', escape].includes(next)) {
      result += next
      at++
    } else if (text[at] === '$') {
      const { value, length } = expandVariable(text.slice(at), lookup, escape)
      result += value
      at += length - 1
    } else result += text[at]
  }
  return result
}

/** @param text begins with the `$` */
function expandVariable(text: string, lookup: Lookup, escape: string): { value: string; length: number } {
  const [plain, name] = /^\$([a-zA-Z_]\w*|\d|[@*#?!$-])/.exec(text) ?? []
  if (plain && name) return { value: lookup(name) ?? '', length: plain.length }
  if (!text.startsWith('${')) return { value: '$', length: 1 }
  const end = findBrace(text, escape)
  const [, braced = '', operator, word = ''] = /^([a-zA-Z_]\w*|\d+)(?:(:?[-+?])([\s\S]*))?$/.exec(text.slice(2, end)) ?? []
  if (!braced) throw new WordError(`has \${${text.slice(2, end)}}, which is not understood`)
  const found = lookup(braced)
  const isSet = operator?.startsWith(':') ? Boolean(found) : found !== undefined
  return { value: chooseValue(operator?.at(-1), isSet, found ?? '', () => expand(word, lookup, escape), braced), length: end + 1 }
}

function chooseValue(operator: string | undefined, isSet: boolean, value: string, alternative: () => string, name: string): string {
  if (operator === '+') return isSet ? alternative() : ''
  if (operator === undefined || isSet) return value
  if (operator === '-') return alternative()
  throw new WordError(`needs the variable ${name}: ${alternative() || 'it is not set'}`)
}

function findBrace(text: string, escape: string): number {
  let depth = 0
  for (let at = 1; at < text.length; at++) {
    if (text[at] === escape) at++
    else if (text[at] === '{') depth++
    else if (text[at] === '}' && --depth === 0) return at
  }
  throw new WordError('has a ${ without an end')
}

function findEnd(text: string, sign: string, from: number): number {
  const end = text.indexOf(sign, from)
  if (end === -1) throw new WordError(`has a ${sign} without an end`)
  return end
}

function findClosingQuote(text: string, from: number, escape: string): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === escape) at++
    else if (text[at] === '"') return at
  }
  throw new WordError('has a " without an end')
}

/** Splits at spaces that are neither quoted nor escaped; the words keep their quotes. */
export function splitWords(text: string, escape: string): string[] {
  const words: string[] = []
  let word = ''
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? ''
    if (!quote && /\s/.test(character)) {
      if (word) words.push(word)
      word = ''
      continue
    }
    word += character
    if (character === escape && quote !== "'") word += text[++at] ?? ''
    else if (character === quote) quote = ''
    else if (!quote && /["']/.test(character)) quote = character
  }
  return word ? [...words, word] : words
}

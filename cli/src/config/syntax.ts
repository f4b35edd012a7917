import type { Finding, Source } from './findings.ts'
import type { HclSyntaxError } from './hcl/cursor.ts'
import { parse } from './hcl/parse.ts'
import { parseJsonInputs } from './json-inputs.ts'
import type { ConfigurationFile } from './configuration-file.ts'

/** Beyond this HashiCorp's parser would take seconds. */
const maxAskedLength = 500_000

/** What HashiCorp's parser said first. */
type FirstError = { line: number; column: number; summary: string; detail: string }

/**
 * Parses a file and adds what is wrong with its syntax to `findings`. Where the parser here objects, HashiCorp's own
 * one (as WebAssembly; 0.2 s to start) has the last word, and the first message is in its words.
 */
export async function parseFile(source: Source, findings: Finding[]): Promise<ConfigurationFile> {
  if (source.file.endsWith('.json')) return parseJsonInputs(source, findings)
  const { body, errors } = parse(source.text)
  if (errors.length === 0) return { source, body, valid: true }
  const mistakes = errors.map((error) => describe(source, error))
  const askable = source.text.length <= maxAskedLength && !errors.some(({ tooDeep }) => tooDeep)
  const first = askable ? await askHashiCorp(source) : undefined
  if (first === 'valid') return { source, body, valid: true }
  findings.push(...(first ? merge(source, first, mistakes) : mistakes))
  return { source, body, valid: false }
}

function describe(source: Source, { offset, message, detail }: HclSyntaxError): Finding {
  const at = source.place(Math.min(offset, source.text.length))
  return { file: source.file, ...at, severity: 'error', rule: 'syntax', message: `${message}.`, fix: detail }
}

/**
 * HashiCorp's words for the mistake that they name. Where theirs is about another line, ours stays as well; theirs is
 * left out where it only says that the file ended, and for a duplicate key, which is told apart.
 */
function merge(source: Source, first: FirstError, mistakes: Finding[]): Finding[] {
  const { line, column, summary, detail } = first
  const end = source.place(source.text.length)
  const atEnd = line > end.line || (line === end.line && column >= end.column)
  const sameLine = mistakes.some((mistake) => mistake.line === line)
  if (summary === 'Attribute redefined' || (atEnd && !sameLine)) return mistakes
  const finding: Finding = {
    file: source.file,
    line,
    column,
    severity: 'error',
    rule: 'syntax',
    message: `${summary}.`,
    fix: detail,
  }
  return [finding, ...mistakes.filter((mistake) => mistake.line !== line)]
}

async function askHashiCorp({ text }: Source): Promise<FirstError | 'valid' | undefined> {
  const { default: hcl } = await import('@cdktn/hcl2json')
  try {
    await hcl.parse('file', text)
    return 'valid'
  } catch (error) {
    return error instanceof Error ? readMessage(error.message) : undefined
  }
}

/** Reads `parse config: [file:1,9-2,1: Summary; Detail file:2,1-2: …]`. */
function readMessage(message: string): FirstError | undefined {
  const found = /file:(\d+),(\d+)-[\d,]+: ([^;]+); ([^]*?)(?: file:\d+,\d+-[\d,]+: |\]?$)/.exec(message.trimEnd())
  if (!found) return undefined
  const [, line, column, summary = '', detail = ''] = found
  return { line: Number(line), column: Number(column), summary, detail }
}

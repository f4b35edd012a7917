import type { Stats } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { relative, sep } from 'node:path'
import { describeCause } from '../../platform/errors.ts'
import type { Finding } from '../../findings/finding.ts'

const maxBytes = 64 * 1024 * 1024
const maxSegmentedLength = 10_000

/** A place in a file: both from 1, the column in characters (grapheme clusters), as Terraform counts. */
export type Place = { line: number; column: number }

/** A file's text, and where in it an offset lies. */
export type Source = {
  /** Relative to the project, with forward slashes. */
  file: string
  /** Its name in infrastructure/. */
  name: string
  text: string
  /** Whether it begins with a byte order mark, which `text` is without. */
  marked: boolean
  place(offset: number): Place
  offsetOf(place: Place): number
}

/** Takes a finding about the text at an offset of a source. */
export type Report = (rule: string, at: At, message: string, fix: string, severity?: Finding['severity']) => void
export type At = { source: Source; offset: number }

/** @returns a `Report` that adds to `findings` */
export function reportTo(findings: Finding[]): Report {
  return (rule, { source, offset }, message, fix, severity = 'error') => {
    findings.push({ ...makeFinding(source, offset, { rule, message: shorten(message), fix: shorten(fix) }), severity })
  }
}

/** A name can be as long as its file. */
function shorten(text: string): string {
  return text.replaceAll(/\S{200,}/g, (word) => `${word.slice(0, 60)}…`)
}

type Problem = { rule: string; message: string; fix: string }

/** What became of a file: its text, or why there is none (`missing` is for the caller to judge). */
export type ReadResult = { source: Source; problem?: undefined } | { source?: undefined; problem: Finding; missing: boolean }

/** Reads a file of the project; never throws: a file that cannot be read is a finding. */
export async function readSource(root: string, path: string): Promise<ReadResult> {
  const file = relative(root, path).split(sep).join('/')
  try {
    const found = await stat(path)
    const problem = describeStatus(file, found)
    return problem ? failed(createSource(file, ''), problem) : decode(file, await readFile(path))
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const problem = missing
      ? { rule: 'file/missing', message: 'The file is missing.', fix: `Create ${file}, or take it back from git.` }
      : { rule: 'file/unreadable', message: `The file cannot be read: ${describeCause(error)}.`, fix: `Make ${file} readable.` }
    return { ...failed(createSource(file, ''), problem), missing }
  }
}

function describeStatus(file: string, found: Stats): Problem | undefined {
  if (found.isDirectory()) {
    return { rule: 'file/folder', message: 'This is a folder; a file is needed.', fix: `Remove or rename the folder ${file}.` }
  }
  if (!found.isFile()) return { rule: 'file/unreadable', message: 'This is not a regular file.', fix: `Put a regular file at ${file}.` }
  if (found.size <= maxBytes) return undefined
  return { rule: 'file/too-large', message: 'The file is larger than 64 MiB.', fix: 'Keep nothing but configuration in it.' }
}

function makeFinding(source: Source, offset: number, problem: Problem): Finding {
  return { tool: 'fargate-ctl', severity: 'error', url: null, file: source.file, ...source.place(offset), ...problem }
}

function failed(source: Source, problem: Problem, offset = 0) {
  return { problem: makeFinding(source, offset, problem), missing: false }
}

/** The text without its byte order mark, as HCL reads it. */
function decode(file: string, bytes: Buffer): ReadResult {
  const marked = bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))
  const source = createSource(file, new TextDecoder().decode(bytes), marked)
  const fix = `Save ${file} as UTF-8.`
  if (isUtf16(bytes)) return failed(createSource(file, ''), { rule: 'file/encoding', message: 'The file looks like UTF-16; Terraform reads UTF-8.', fix })
  const nul = source.text.indexOf('\0')
  if (nul >= 0) {
    return failed(source, { rule: 'file/nul-byte', message: 'The file holds a NUL byte.', fix: 'Remove the byte, or write the file anew.' }, nul)
  }
  const conflict = /^(?:<{7} .*|={7}|>{7} .*)\r?$/m.exec(source.text)
  if (conflict && /^<{7} /m.test(source.text) && /^>{7} /m.test(source.text)) {
    const message = 'The file holds the markers of a merge conflict.'
    return failed(source, { rule: 'file/merge-conflict', message, fix: `Decide which lines of ${file} stay, and remove the markers.` }, conflict.index)
  }
  const invalid = source.text.indexOf('\uFFFD')
  if (invalid < 0 || isUtf8(bytes)) return { source }
  return failed(source, { rule: 'file/encoding', message: 'This is not valid UTF-8.', fix }, invalid)
}

/** With its byte order mark; or without, when every second byte of its beginning is zero. */
function isUtf16(bytes: Buffer): boolean {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) return true
  const start = [...bytes.subarray(0, 64)]
  const zeros = (odd: number) => start.filter((byte, index) => index % 2 === odd && byte === 0).length
  const half = Math.floor(start.length / 2)
  return half >= 2 && [0, 1].some((odd) => zeros(odd) >= half * 0.8 && zeros(1 - odd) === 0)
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

/** @param file relative to the project, as findings name it */
export function createSource(file: string, text: string, marked = false): Source {
  let starts: number[] | undefined
  const lineStarts = () => (starts ??= findLineStarts(text))
  return {
    file,
    name: file.slice(file.lastIndexOf('/') + 1),
    text,
    marked,
    place(offset) {
      const line = lineStarts().findLastIndex((start) => start <= offset)
      return { line: line + 1, column: characters(text.slice(lineStarts()[line], offset)).length + 1 }
    },
    offsetOf({ line, column }) {
      const start = lineStarts()[line - 1] ?? text.length
      return start + characters(text.slice(start, lineStarts()[line] ?? text.length)).slice(0, column - 1).join('').length
    },
  }
}

function findLineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** Grapheme clusters, as HCL counts columns (https://pkg.go.dev/github.com/hashicorp/hcl/v2#Pos). */
function characters(text: string): string[] {
  if (/^[\t\r -~]*$/.test(text) || text.length > maxSegmentedLength) return [...text]
  return [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)].map(({ segment }) => segment)
}

import { CliError } from '../../platform/errors.ts'

/** One instruction of a Dockerfile. */
export type Instruction = {
  /** In capitals. */
  keyword: string
  /** `--from=base` as `{ from: 'base' }`; a flag without a value is an empty text. */
  flags: Record<string, string>
  /** What follows the flags, its lines joined. */
  text: string
  /** Where it begins, from 1. */
  line: number
  /** Whether texts follow it in the lines below, as `<<EOF` asks. */
  hasHeredoc: boolean
}

export type Dockerfile = { instructions: Instruction[]; escape: string }

/**
 * Splits a Dockerfile into its instructions, as BuildKit does
 * (https://docs.docker.com/reference/dockerfile/#format).
 */
export function parseDockerfile(text: string): Dockerfile {
  const lines = text.split(/\r?\n/)
  const escape = findEscape(lines)
  const instructions: Instruction[] = []
  for (let index = 0; index < lines.length; index++) {
    if (isBlank(lines[index])) continue
    const line = index + 1
    const { text, end } = joinLines(lines, index, escape)
    index = end
    const instruction = parseInstruction(text, line)
    instructions.push(instruction)
    for (const word of readHeredocs(instruction)) {
      instruction.hasHeredoc = true
      while (++index < lines.length && lines[index]?.replace(/^\t+/, '') !== word);
    }
  }
  return { instructions, escape }
}

const isBlank = (line = '') => /^\s*(?:#|$)/.test(line)

/** The character that `# escape=` names in one of the directives at the very top. */
function findEscape(lines: string[]): string {
  for (const line of lines) {
    const [, name, value = ''] = /^#[ \t]*([a-z][a-z0-9]*)[ \t]*=(.+)/i.exec(line) ?? []
    if (name === undefined) break
    if (name.toLowerCase() === 'escape' && value.trim() === '`') return '`'
  }
  return '\\'
}

/** Joins a line with those that continue it; comments and empty lines among them are left out. */
function joinLines(lines: string[], start: number, escape: string): { text: string; end: number } {
  const continued = escape === '`' ? /(?:^|(?<!`))`[ \t]*$/ : /(?:^|(?<!\\))\\[ \t]*$/
  let text = ''
  let end = start
  for (; end < lines.length; end++) {
    const line = lines[end] ?? ''
    if (end > start && isBlank(line)) continue
    text += line.replace(continued, '')
    if (!continued.test(line)) break
  }
  return { text: text.trim(), end }
}

/** @param line where it stands, for errors */
export function parseInstruction(text: string, line: number): Instruction {
  const [keyword = ''] = text.split(/\s/, 1)
  const flags: Record<string, string> = {}
  let remaining = text.slice(keyword.length).trim()
  for (let match; (match = /^--([a-z][a-z-]*)(?:=(\S*))?(?:\s+|$)/.exec(remaining)); remaining = remaining.slice(match[0].length)) {
    flags[match[1] ?? ''] = match[2] ?? ''
  }
  return { keyword: keyword.toUpperCase(), flags, text: remaining, line, hasHeredoc: false }
}

function readHeredocs({ keyword, text }: Instruction): string[] {
  if (!['RUN', 'COPY', 'ADD'].includes(keyword)) return []
  return [...text.matchAll(/(?:^|\s)\d*<<-?(["']?)([a-zA-Z_]\w*)\1/g)].map(([, , word = '']) => word)
}

/** The strings of an instruction's JSON form; undefined when it is not of that form. */
export function readJsonForm(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined
  } catch {
    return undefined
  }
}

/** Only a container engine can do this, or nobody can. */
export function refuse({ keyword, line }: Instruction, why: string): CliError {
  return new CliError('usage', `Dockerfile:${line}: ${keyword} ${why}`, {
    fix: 'Start a container engine (docker, podman or finch), or change that line: without one, an image is what its last stage copies from the context.',
  })
}

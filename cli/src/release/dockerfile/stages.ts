import { parseDockerfile, refuse, type Dockerfile, type Instruction } from './parse.ts'
import { expand, splitWords, WordError, type Lookup } from './words.ts'

/** What a FROM begins. */
export type Stage = {
  from: Instruction
  /** In small letters; undefined where it has none. */
  name: string | undefined
  /** An image, `scratch`, or the name of an earlier stage. */
  base: string
  body: Instruction[]
}

export type StagedDockerfile = Dockerfile & { stages: Stage[]; globals: Map<string, string | undefined> }

/** The build arguments that BuildKit gives by itself: https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope */
export function platformArguments(platform: string): Record<string, string> {
  const [os = '', arch = ''] = platform.split('/')
  return { TARGETPLATFORM: platform, TARGETOS: os, TARGETARCH: arch, BUILDPLATFORM: platform, BUILDOS: os, BUILDARCH: arch }
}

/** @throws CliError `usage` */
export function readStages(text: string, buildArgs: Record<string, string>, platform: string): StagedDockerfile {
  const { instructions, escape } = parseDockerfile(text)
  const globals = new Map<string, string | undefined>(Object.entries(platformArguments(platform)))
  const stages: Stage[] = []
  for (const instruction of instructions) {
    if (instruction.keyword === 'FROM') stages.push(readFrom(instruction, globals, escape))
    else if (stages.length > 0) stages.at(-1)?.body.push(instruction)
    else if (instruction.keyword === 'ARG') setArguments(globals, instruction, buildArgs, globals, (name) => globals.get(name), escape)
    else throw refuse(instruction, 'comes before the first FROM.')
  }
  return { instructions, escape, stages, globals }
}

function readFrom(from: Instruction, globals: Map<string, string | undefined>, escape: string): Stage {
  const [base = '', as, name] = splitWords(from.text, escape).map((word) => expandIn(from, word, (name) => globals.get(name), escape))
  if (!base || (as !== undefined && (as.toLowerCase() !== 'as' || !name))) throw refuse(from, 'names an image, and a stage only behind AS.')
  return { from, name: name?.toLowerCase(), base, body: [] }
}

/**
 * Takes an ARG's names into `args`: a build argument before the default, and before that of the same name above the
 * first FROM (https://docs.docker.com/reference/dockerfile/#arg).
 */
export function setArguments(
  args: Map<string, string | undefined>,
  instruction: Instruction,
  buildArgs: Record<string, string>,
  globals: Map<string, string | undefined>,
  lookup: Lookup,
  escape: string,
): void {
  for (const word of splitWords(instruction.text, escape)) {
    const [, name, value] = /^([^=]+)(?:=([\s\S]*))?$/.exec(word) ?? []
    if (name === undefined) throw refuse(instruction, `has ${word}, which is no NAME=value.`)
    args.set(name, buildArgs[name] ?? (value === undefined ? globals.get(name) : expandIn(instruction, value, lookup, escape)))
  }
}

/** Expands a text of an instruction. @throws CliError `usage` that names its line */
export function expandIn(instruction: Instruction, text: string, lookup: Lookup, escape: string): string {
  try {
    return expand(text, lookup, escape)
  } catch (error) {
    throw error instanceof WordError ? refuse(instruction, `${error.message}.`) : error
  }
}

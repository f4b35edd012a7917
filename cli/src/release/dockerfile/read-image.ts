import { posix } from 'node:path'
import type { ContextEntry } from '../build-context.ts'
import { copyFiles, makeFolder, type ImageFiles } from './copy-files.ts'
import { parseInstruction, readJsonForm, refuse, type Instruction } from './parse.ts'
import { expandIn, readStages, setArguments, type Stage, type StagedDockerfile } from './stages.ts'
import { splitWords } from './words.ts'

/** The part of an image's configuration that a Dockerfile gives: https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md */
export type ImageConfig = {
  Env: string[]
  Labels: Record<string, string>
  ExposedPorts: Record<string, object>
  Volumes: Record<string, object>
  WorkingDir?: string
  User?: string
  StopSignal?: string
  Entrypoint?: string[]
  Cmd?: string[]
}

export type DescribedImage = {
  config: ImageConfig
  files: ImageFiles
  /** The image it stands on, of which nothing is known; undefined for `scratch`. */
  unknownBase: string | undefined
}

export type DockerfileInput = {
  buildArgs: Record<string, string>
  platform: string
  context: string
  entries: ContextEntry[]
}

/** What Docker gives an image that sets none: https://github.com/moby/moby/blob/v28.0.0/daemon/pkg/oci/defaults.go */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** A stage while its instructions are read, one after the other. */
type State = {
  config: ImageConfig
  env: Map<string, string>
  args: Map<string, string | undefined>
  files: ImageFiles
  shell: string[]
  cmdIsSet: boolean
  triggers: Instruction[]
  unknownBase: string | undefined
}

/**
 * Reads the image that a Dockerfile's last stage describes, without running anything: its settings, and the files that
 * are copied from the context. What is copied from a base image is left out.
 * @throws CliError `usage` for what only a container engine can do
 */
export async function readImage(text: string, input: DockerfileInput): Promise<DescribedImage> {
  const dockerfile = readStages(text, input.buildArgs, input.platform)
  const last = dockerfile.stages.at(-1)
  if (!last) throw refuse({ keyword: 'FROM', flags: {}, text: '', line: 1, hasHeredoc: false }, 'is missing.')
  const { config, env, files, unknownBase } = await readStage(last, dockerfile, input)
  return { config: { ...config, Env: [...env].map(([name, value]) => `${name}=${value}`) }, files, unknownBase }
}

async function readStage(stage: Stage, dockerfile: StagedDockerfile, input: DockerfileInput): Promise<State> {
  const parent = findStage(stage.base, stage, dockerfile.stages)
  const state: State = {
    ...(parent ? await readStage(parent, dockerfile, input) : emptyImage(stage.base)),
    args: new Map(),
    shell: ['/bin/sh', '-c'],
    cmdIsSet: false,
  }
  const triggers = state.triggers.splice(0)
  for (const instruction of [...triggers, ...stage.body]) await readInstruction(instruction, state, stage, dockerfile, input)
  return state
}

function emptyImage(base: string): Pick<State, 'config' | 'env' | 'files' | 'triggers' | 'unknownBase'> {
  const config = { Env: [], Labels: {}, ExposedPorts: {}, Volumes: {} }
  return { config, env: new Map(), files: new Map(), triggers: [], unknownBase: base === 'scratch' ? undefined : base }
}

/** Only a stage above can be meant; any other name is an image's. */
function findStage(name: string, before: Stage, stages: Stage[]): Stage | undefined {
  return stages.slice(0, stages.indexOf(before)).findLast((stage) => stage.name === name.toLowerCase())
}

async function readInstruction(instruction: Instruction, state: State, stage: Stage, dockerfile: StagedDockerfile, input: DockerfileInput): Promise<void> {
  const { config, env, args } = state
  const { escape } = dockerfile
  const lookup = (name: string) => env.get(name) ?? args.get(name) ?? (name === 'PATH' ? defaultPath : undefined)
  const expand = (text: string) => expandIn(instruction, text, lookup, escape)
  const words = () => requireSome(instruction, (readJsonForm(instruction.text) ?? splitWords(instruction.text, escape)).map(expand))
  const whole = () => expand(requireText(instruction))

  if (!['COPY', 'ADD', 'HEALTHCHECK'].includes(instruction.keyword)) refuseFlags(instruction, [])
  switch (instruction.keyword) {
    case 'ARG':
      return setArguments(args, instruction, input.buildArgs, dockerfile.globals, lookup, escape)
    case 'ENV':
      for (const [name, value] of readPairs(instruction, expand, escape)) env.set(name, value)
      return
    case 'LABEL':
      Object.assign(config.Labels, Object.fromEntries(readPairs(instruction, expand, escape)))
      return
    case 'COPY':
    case 'ADD':
      return readCopy(instruction, words(), state, stage, dockerfile, input)
    case 'WORKDIR':
      config.WorkingDir = resolveInImage(instruction, whole(), state)
      return makeFolder(state.files, config.WorkingDir, instruction)
    case 'USER':
      config.User = whole()
      return
    case 'STOPSIGNAL':
      config.StopSignal = whole()
      return
    case 'EXPOSE':
      for (const port of words().flatMap((word) => readPorts(instruction, word))) config.ExposedPorts[port] = {}
      return
    case 'VOLUME':
      for (const path of words()) config.Volumes[path] = {}
      return
    case 'SHELL':
      state.shell = requireSome(instruction, readJsonForm(instruction.text) ?? [])
      return
    case 'ENTRYPOINT':
      config.Entrypoint = readCommand(instruction, state.shell)
      if (!state.cmdIsSet) delete config.Cmd
      return
    case 'CMD':
      config.Cmd = readCommand(instruction, state.shell)
      state.cmdIsSet = true
      return
    case 'ONBUILD':
      state.triggers.push(readTrigger(instruction))
      return
    // Neither ECS nor a rehearsal knows them.
    case 'HEALTHCHECK':
      if (!/^(?:NONE$|CMD\s)/i.test(instruction.text)) throw refuse(instruction, 'takes NONE or CMD.')
      return
    case 'MAINTAINER':
      return
    case 'RUN':
      throw refuse(instruction, 'needs a container engine.')
    default:
      throw refuse(instruction, 'is no instruction.')
  }
}

async function readCopy(instruction: Instruction, words: string[], state: State, stage: Stage, dockerfile: StagedDockerfile, input: DockerfileInput): Promise<void> {
  refuseFlags(instruction, ['from', 'chown', 'chmod', 'link'])
  if (instruction.hasHeredoc) throw refuse(instruction, 'with a text in the Dockerfile needs a container engine.')
  const target = words.pop() ?? ''
  if (words.length === 0) throw refuse(instruction, 'needs a source and a target.')
  const { from } = instruction.flags
  if (from !== undefined) return requirePlainImage(instruction, from, stage, dockerfile.stages)
  const folder = /(?:^|\/)\.?$/.test(target) ? '/' : ''
  await copyFiles(state.files, {
    instruction,
    sources: words,
    target: resolveInImage(instruction, target, state) + folder,
    context: input.context,
    entries: input.entries,
    knowsUsers: state.unknownBase !== undefined,
  })
}

/** Nothing is known of a base image's files; a stage that has others is more than that. */
function requirePlainImage(instruction: Instruction, name: string, before: Stage, stages: Stage[]): void {
  const source = findStage(name, before, stages) ?? (/^\d+$/.test(name) ? stages[Number(name)] : undefined)
  if (!source) return
  if (source.base === 'scratch' || findStage(source.base, source, stages) || source.body.some(({ keyword }) => ['COPY', 'ADD', 'RUN', 'WORKDIR'].includes(keyword))) {
    throw refuse(instruction, `--from=${name} needs a container engine.`)
  }
}

function resolveInImage(instruction: Instruction, path: string, { config, unknownBase }: State): string {
  if (!path.startsWith('/') && config.WorkingDir === undefined && unknownBase !== undefined) {
    throw refuse(instruction, `${path} is relative to the working directory of ${unknownBase}, which only a container engine knows: set WORKDIR first.`)
  }
  return posix.resolve(config.WorkingDir ?? '/', path)
}

/** `name=value name=value`, or one name and the rest of the line. */
function readPairs(instruction: Instruction, expand: (text: string) => string, escape: string): [string, string][] {
  const words = splitWords(requireText(instruction), escape)
  if (!words[0]?.includes('=')) {
    const [name = ''] = instruction.text.split(/\s/, 1)
    const value = instruction.text.slice(name.length).trim()
    if (value === '') throw refuse(instruction, 'needs a name and a value.')
    return [[expand(name), expand(value)]]
  }
  return words.map((word) => {
    const [, name, value] = /^([^=]+)=([\s\S]*)$/.exec(word) ?? []
    if (name === undefined || value === undefined) throw refuse(instruction, `has ${word}, which is no name=value.`)
    return [expand(name), expand(value)]
  })
}

/** `8080`, `8080/udp`, `8000-8002`. */
function readPorts(instruction: Instruction, text: string): string[] {
  const [, first, last = first, protocol = 'tcp'] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? []
  const [from, to] = [Number(first), Number(last)]
  if (!(from <= to && to <= 65535)) throw refuse(instruction, `has ${text}, which is no port.`)
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}/${protocol.toLowerCase()}`)
}

/** The shell form runs in a shell: https://docs.docker.com/reference/dockerfile/#shell-and-exec-form */
function readCommand(instruction: Instruction, shell: string[]): string[] {
  return readJsonForm(instruction.text) ?? (instruction.text === '' ? [] : [...shell, instruction.text])
}

function readTrigger({ text, line, ...onbuild }: Instruction): Instruction {
  const trigger = parseInstruction(text, line)
  if (['', 'ONBUILD', 'FROM', 'MAINTAINER'].includes(trigger.keyword)) throw refuse({ text, line, ...onbuild }, `${trigger.keyword} is not allowed.`)
  return trigger
}

function requireText(instruction: Instruction): string {
  if (instruction.text === '') throw refuse(instruction, 'needs a value.')
  return instruction.text
}

function requireSome(instruction: Instruction, words: string[]): string[] {
  if (words.length === 0) throw refuse(instruction, 'needs a value, for SHELL in its JSON form.')
  return words
}

function refuseFlags(instruction: Instruction, known: string[]): void {
  const flag = Object.keys(instruction.flags).find((name) => !known.includes(name))
  if (flag !== undefined) throw refuse(instruction, `--${flag} needs a container engine, if it is a flag at all.`)
}

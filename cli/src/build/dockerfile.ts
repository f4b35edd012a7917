import { DockerfileParser, PropertyInstruction, type Copy, type From, type Instruction, type JSONInstruction } from 'dockerfile-ast'
import { CliError } from '../errors.ts'

/** The part of an image's configuration that a Dockerfile gives: https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md */
export type ImageConfig = {
  Env: string[]
  Labels: Record<string, string>
  WorkingDir?: string
  User?: string
  StopSignal?: string
  ExposedPorts: Record<string, object>
  Entrypoint?: string[]
  Cmd?: string[]
}

/** What is copied from the build context to where. */
export type ContextCopy = { sources: string[]; target: string }

/**
 * Reads what the last stage of a Dockerfile makes without running anything: copies from the context, and settings.
 * Copies from a stage that is a base image and nothing else are left out.
 * @throws CliError `usage` for what only a container engine can do
 */
export function readDockerfile(text: string, buildArgs: Record<string, string>): { copies: ContextCopy[]; config: ImageConfig } {
  const stages = splitStages(DockerfileParser.parse(text).getInstructions())
  const plain = new Set(stages.filter(({ body }) => body.length === 0).map(({ from }) => from.getBuildStage()))
  const copies: ContextCopy[] = []
  const config: ImageConfig = { Env: [], Labels: {}, ExposedPorts: {} }
  const variables: Record<string, string> = {}
  const expand = (value: string) => value.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced: string, bare: string) => variables[braced ?? bare] ?? '')
  const words = (instruction: Instruction) => instruction.getArguments().map((argument) => expand(argument.getValue()))

  const kinds: Record<string, (instruction: Instruction) => void> = {
    ARG: (instruction) => {
      const [, name = '', value = ''] = /^(\w+)(?:=(.*))?$/.exec(words(instruction)[0] ?? '') ?? []
      variables[name] = buildArgs[name] ?? value
    },
    ENV: (instruction) => {
      for (const [name, value] of properties(instruction, expand)) {
        variables[name] = value
        config.Env.push(`${name}=${value}`)
      }
    },
    LABEL: (instruction) => Object.assign(config.Labels, Object.fromEntries(properties(instruction, expand))),
    COPY: (instruction) => {
      const from = (instruction as Copy).getFromFlag()?.getValue()
      if (from && plain.has(from)) return
      if (from) refuse(instruction, `--from=${from}`)
      const paths = words(instruction)
      copies.push({ sources: paths.slice(0, -1), target: paths.at(-1) ?? '/' })
    },
    WORKDIR: (instruction) => void (config.WorkingDir = words(instruction)[0] ?? '/'),
    USER: (instruction) => void (config.User = words(instruction)[0] ?? ''),
    STOPSIGNAL: (instruction) => void (config.StopSignal = words(instruction)[0] ?? ''),
    EXPOSE: (instruction) => {
      for (const port of words(instruction)) config.ExposedPorts[port.includes('/') ? port : `${port}/tcp`] = {}
    },
    ENTRYPOINT: (instruction) => void (config.Entrypoint = commandOf(instruction)),
    CMD: (instruction) => void (config.Cmd = commandOf(instruction)),
    // ECS does not know it.
    HEALTHCHECK: () => undefined,
  }
  for (const instruction of stages.at(-1)?.body ?? []) {
    const read = kinds[instruction.getKeyword()] ?? ((other) => refuse(other, ''))
    read(instruction)
  }
  return { copies, config }
}

type Stage = { from: From; body: Instruction[] }

function splitStages(instructions: Instruction[]): Stage[] {
  const stages: Stage[] = []
  for (const instruction of instructions) {
    if (instruction.getKeyword() === 'FROM') stages.push({ from: instruction as From, body: [] })
    else stages.at(-1)?.body.push(instruction)
  }
  return stages
}

function properties(instruction: Instruction, expand: (value: string) => string): [string, string][] {
  if (!(instruction instanceof PropertyInstruction)) return []
  return instruction.getProperties().map((property) => [property.getName(), expand(property.getValue() ?? '')])
}

/** The shell form runs in a shell: https://docs.docker.com/reference/dockerfile/#shell-and-exec-form */
function commandOf(instruction: Instruction): string[] {
  const strings = (instruction as JSONInstruction).getJSONStrings().map((argument) => argument.getJSONValue())
  return strings.length > 0 ? strings : ['/bin/sh', '-c', instruction.getArgumentsContent() ?? '']
}

function refuse(instruction: Instruction, what: string): never {
  const line = instruction.getRange().start.line + 1
  throw new CliError('usage', `Dockerfile:${line}: ${[instruction.getKeyword(), what].filter(Boolean).join(' ')} needs a container engine.`, {
    fix: 'Start one, or let the last stage only COPY from the context and from a base image.',
  })
}

import { inspect } from 'node:util'

/**
 * Exit codes, named in this one place and documented in the README.
 * An interrupted run ends with 128 + the signal's number, as shells expect.
 */
export const exitCodes = {
  done: 0,
  bug: 1,
  usage: 2,
  findings: 3,
  unavailable: 4,
  deploymentFailed: 5,
  stateLocked: 6,
  changes: 10,
  interrupted: 130,
} as const

export type ErrorKind = Exclude<keyof typeof exitCodes, 'done' | 'bug' | 'changes'>

type ErrorOptions = { fix?: string | undefined; cause?: unknown; exitCode?: number; report?: string; place?: string | undefined; problems?: CliError[] }

/** An error whose text is written for the person who runs the command; it is printed without a stack. */
export class CliError extends Error {
  readonly exitCode: number
  readonly fix: string | undefined
  readonly report: string | undefined
  readonly place: string | undefined
  readonly problems: CliError[] | undefined

  /**
   * @param kind names the exit code
   * @param message what happened, one sentence
   * @param options `fix`: what to do next; `cause`: the error beneath; `exitCode`: overrides the kind's own;
   *   `report`: what is printed instead of all these; `place`: the `file:line` to change; `problems`: those that this one lists
   */
  constructor(kind: ErrorKind, message: string, options: ErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.name = 'CliError'
    this.exitCode = options.exitCode ?? exitCodes[kind]
    this.fix = options.fix
    this.report = options.report
    this.place = options.place
    this.problems = options.problems
  }
}

/** What is shown of a cause: a text as it is, and of whatever was thrown the first line. */
export function describeCause(cause: unknown): string | undefined {
  if (cause === undefined || cause === null) return undefined
  if (typeof cause === 'string') return cause.trim() || undefined
  const text = cause instanceof Error ? cause.message || cause.name : inspect(cause)
  return text.trim().split('\n', 1)[0]
}

/**
 * Waits for every one of them, so that all problems are told at once.
 * @returns what they return
 * @throws the error of the one that failed; of several, a CliError that lists them, each remedy once
 */
export async function allOf<Results extends unknown[]>(work: { [Each in keyof Results]: Promise<Results[Each]> }): Promise<Results> {
  const settled = await Promise.allSettled(work)
  const errors = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
  if (errors.length === 0) return Promise.all(work)
  throw joinProblems(errors)
}

function joinProblems(errors: unknown[]): unknown {
  const bug = errors.find((error) => !(error instanceof CliError) || error.exitCode > 128)
  const problems = (errors as CliError[]).flatMap((error) => error.problems ?? error).filter(({ fix, message }, index, all) => all.findIndex((each) => (fix === undefined ? each.message === message : each.fix === fix)) === index)
  const [first] = problems
  if (bug || problems.length === 1 || !first) return bug ?? first
  const list = problems.map((problem, index) => formatProblem(problem, `${index + 1}. `)).join('\n')
  return new CliError('unavailable', problems.map(({ message }) => message).join(' '), { exitCode: first.exitCode, problems, report: `error: ${problems.length} problems\n${list}` })
}

function formatProblem({ message, cause, fix }: CliError, number: string): string {
  const indent = ' '.repeat(number.length + 2)
  const told = describeCause(cause)
  const lines = [message, told && `cause: ${told}`, fix && `fix: ${fix}`].filter((line) => line !== undefined && line !== '') as string[]
  return `  ${number}${lines.join(`\n${indent}`).replaceAll('\n', `\n${indent}`).replaceAll(`${indent}${indent}`, indent)}`
}

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

type ErrorOptions = { fix?: string | undefined; cause?: unknown; exitCode?: number; report?: string; place?: string | undefined }

/** An error whose text is written for the person who runs the command; it is printed without a stack. */
export class CliError extends Error {
  readonly exitCode: number
  readonly fix: string | undefined
  readonly report: string | undefined
  readonly place: string | undefined

  /**
   * @param kind names the exit code
   * @param message what happened, one sentence
   * @param options `fix`: what to do next; `cause`: the error beneath; `exitCode`: overrides the kind's own;
   *   `report`: what is printed instead of all these; `place`: the `file:line` to change
   */
  constructor(kind: ErrorKind, message: string, options: ErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.name = 'CliError'
    this.exitCode = options.exitCode ?? exitCodes[kind]
    this.fix = options.fix
    this.report = options.report
    this.place = options.place
  }
}

/** What is shown of a cause: a text as it is, and of whatever was thrown the first line. */
export function describeCause(cause: unknown): string | undefined {
  if (cause === undefined || cause === null) return undefined
  if (typeof cause === 'string') return cause.trim() || undefined
  const text = cause instanceof Error ? cause.message || cause.name : inspect(cause)
  return text.trim().split('\n', 1)[0]
}

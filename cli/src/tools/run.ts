import { execa, type Options } from 'execa'
import { CliError } from '../errors.ts'
import { interruption } from '../interrupts.ts'

export type RunOptions = {
  cwd?: string
  /** Added to this process's environment; `undefined` removes a variable. */
  env?: Record<string, string | undefined>
  /** Written to the program's standard input, the only way a secret may reach it besides the environment. */
  input?: string
  /** Called with every line of either stream as it comes. */
  onLine?: (line: string, stream: 'stdout' | 'stderr') => void
  /** Exit codes that are an answer and not a failure; every code when 'any'. Default: 0. */
  accept?: readonly number[] | 'any'
  /** What to do when the program is not there. */
  installHint?: string
  /** Stops the program: one signal, then patience. Default: the command's own interruption. */
  signal?: AbortSignal
  /** Which signal an interruption becomes. terraform saves its state on SIGINT. */
  interruptWith?: 'SIGINT' | 'SIGTERM'
  /** A program that has not ended this many seconds after the interrupt is killed. Default: never. */
  killAfterSeconds?: number
  timeoutSeconds?: number
}

export type RunResult = { stdout: string; stderr: string; exitCode: number }

/** The program ran and refused: what it said is in `result`. */
export class ProgramError extends CliError {
  readonly result: RunResult
  constructor(file: string, args: readonly string[], result: RunResult) {
    const said = lastLines(result.stderr || result.stdout, 12)
    super('unavailable', `${[file, ...args.slice(0, 2)].join(' ')} ended with exit code ${result.exitCode}.`, {
      cause: said || undefined,
    })
    this.result = result
  }
}

/** The program is not there, or may not be executed. */
export class MissingProgramError extends CliError {
  constructor(file: string, hint: string | undefined, code: string) {
    const what = code === 'ENOENT' ? `The program ${file} is not installed or not on PATH` : `${file} may not be executed`
    super('unavailable', `${what}.`, { fix: hint ?? 'Run `npm run setup` to install what the project needs.' })
  }
}

/**
 * Runs a program to its end and returns what it printed.
 *
 * The program gets a process group of its own: a Ctrl-C typed at the terminal then reaches this process only,
 * which passes exactly one interrupt on and waits for the program to end.
 *
 * @throws MissingProgramError, ProgramError when its exit code is not accepted,
 *   the interruption's reason when it was interrupted.
 */
export async function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const signal = options.signal ?? interruption
  signal.throwIfAborted()
  const child = execa(file, args, execaOptions(options))
  const stopListening = forwardOneInterrupt(child, signal, options)
  if (options.onLine) void readLines(child, options.onLine)
  const ended = await child
  stopListening()
  if (ended.code === 'ENOENT' || ended.code === 'EACCES') throw new MissingProgramError(file, options.installHint, ended.code)
  if (signal.aborted) throw signal.reason
  const result = { stdout: String(ended.stdout ?? ''), stderr: String(ended.stderr ?? ''), exitCode: ended.exitCode ?? 1 }
  if (ended.timedOut) throw new CliError('unavailable', `${file} did not answer within ${options.timeoutSeconds} s.`)
  if (options.accept !== 'any' && !(options.accept ?? [0]).includes(result.exitCode)) {
    throw new ProgramError(file, args, result)
  }
  return result
}

function execaOptions({ cwd, env, input, timeoutSeconds }: RunOptions) {
  return {
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    env: { ...process.env, ...env },
    extendEnv: false,
    reject: false,
    detached: true,
    cleanup: false,
    forceKillAfterDelay: false,
    maxBuffer: 256 * 1024 * 1024,
    ...(timeoutSeconds === undefined ? {} : { timeout: timeoutSeconds * 1000, forceKillAfterDelay: 5000 }),
  } satisfies Options
}

type Child = ReturnType<typeof execa>

function forwardOneInterrupt(child: Child, signal: AbortSignal, options: RunOptions): () => void {
  let deadline: NodeJS.Timeout | undefined
  const interrupt = () => {
    child.kill(options.interruptWith ?? 'SIGINT')
    if (options.killAfterSeconds) deadline = setTimeout(() => killGroup(child.pid), options.killAfterSeconds * 1000)
  }
  signal.addEventListener('abort', interrupt, { once: true })
  return () => {
    clearTimeout(deadline)
    signal.removeEventListener('abort', interrupt)
  }
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // The group ended meanwhile.
  }
}

async function readLines(child: Child, onLine: NonNullable<RunOptions['onLine']>): Promise<void> {
  const read = async (stream: 'stdout' | 'stderr') => {
    for await (const line of child.iterable({ from: stream })) onLine(String(line), stream)
  }
  await Promise.all([read('stdout'), read('stderr')]).catch(() => undefined)
}

function lastLines(text: string, count: number): string {
  return text.trim().split('\n').slice(-count).join('\n')
}

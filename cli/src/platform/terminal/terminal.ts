import { appendFileSync } from 'node:fs'
import type { CliError } from '../errors.ts'
import { describeCause } from '../errors.ts'
import { knowsUnicode, toAscii } from './ascii.ts'
import { colorsFor, type Colors } from './colors.ts'
import { formatSeconds } from './format-seconds.ts'
import { annotate, defuseCommands, openGroups, type Place } from './github.ts'
import { liveLine, type LiveLine, type View } from './live.ts'
import { redact } from './secrets.ts'

export type TerminalOptions = {
  json?: boolean
  quiet?: boolean
  verbose?: boolean
  color?: boolean
  /** Where nothing can be drawn anew, a step that has printed nothing for so long says that it goes on; 60 by default. */
  heartbeatSeconds?: number
}

/** When a finished step began, and how long it took. */
export type StepTime = { name: string; startedAt: string; seconds: number }

/** A step's `say`: one line on what it is doing right now. */
export type Say = (detail: string) => void

/** Everything a command prints goes through here: data on stdout, progress on stderr. */
export type Terminal = {
  /** Colours for stderr. */
  colors: Colors
  /** Colours for stdout. */
  outColors: Colors
  json: boolean
  verbose: boolean
  interactive: boolean
  /** The steps finished so far, in order; failed ones, too. */
  times: StepTime[]
  /** Runs `work` as a named, timed step, on GitHub a group; its error marks the step as failed and is thrown on. */
  step<T>(name: string, work: (say: Say) => Promise<T>): Promise<T>
  /**
   * Shows the running step as lines that are drawn anew in their place, until it ends.
   * @returns false where nothing can be: then `note` tells it
   */
  view(draw: View): boolean
  /** A sentence of progress; not printed with --quiet. */
  note(text: string): void
  /** A line only --verbose shows, such as a program's own output. */
  detail(text: string): void
  /** A warning; on GitHub also an annotation. */
  warn(text: string): void
  /** The command's result for a person, on stdout; nothing is printed with --json. */
  print(text: string): void
  /** The command's result for a script, on stdout; printed with --json only. */
  printJson(value: unknown): void
  /** One of many results for a script, on a line of its own; printed with --json only. */
  printJsonLine(value: unknown): void
  /** Prints what happened, the cause and what to do next; on GitHub also as an annotation and in the step summary. */
  error(error: CliError): void
  /** Appends to GitHub's step summary; does nothing elsewhere (https://docs.github.com/actions, job summaries). */
  summary(markdown: string): void
}

/** @returns the terminal for this process; a live view on a terminal, append-only lines elsewhere. */
export function createTerminal(options: TerminalOptions): Terminal {
  const { json = false, quiet = false, verbose = false, color = true, heartbeatSeconds = 60 } = options
  const colors = colorsFor(process.stderr, color)
  const interactive = process.stderr.isTTY === true && !process.env.CI
  const times: StepTime[] = []
  const erasable = interactive && process.env.TERM !== 'dumb' && process.stderr.columns > 0
  const live: LiveLine | undefined = erasable && !quiet && !verbose ? liveLine(process.stderr, colors) : undefined
  const groups = openGroups((command) => void process.stderr.write(`${command}\n`))
  let spoken = performance.now()
  const line = (text: string) => {
    spoken = performance.now()
    groups.beforeLine()
    if (live) live.above(readable(redact(text)))
    else writeSafely(process.stderr, text)
  }

  const terminal: Terminal = {
    colors,
    outColors: colorsFor(process.stdout, color),
    json,
    verbose,
    interactive,
    times,
    async step(name, work) {
      const startedAt = new Date().toISOString()
      const started = performance.now()
      const seconds = () => (performance.now() - started) / 1000
      let doing = ''
      const beat = () => {
        if (performance.now() - spoken >= heartbeatSeconds * 1000) line(colors.dim(`${`+${seconds().toFixed(1)} s`.padStart(9)}  ${doing || name}`))
      }
      const heart = live || quiet || verbose ? undefined : setInterval(beat, heartbeatSeconds * 100).unref()
      const remember = () => times.push({ name, startedAt, seconds: Math.round(seconds() * 100) / 100 })
      const step = live?.start(name)
      groups.start(name)
      spoken = performance.now()
      try {
        const result = await work((detail) => {
          doing = detail
          if (step) step.say(redact(detail))
          else terminal.detail(`  ${detail}`)
        })
        step?.stop()
        groups.end()
        remember()
        if (!quiet) line(`${colors.green('✔')} ${name} ${colors.dim(formatSeconds(seconds()))}`)
        return result
      } catch (error) {
        step?.stop()
        groups.end()
        remember()
        line(`${colors.red('✖')} ${name} ${colors.dim(formatSeconds(seconds()))}`)
        throw error
      } finally {
        clearInterval(heart)
      }
    },
    view(draw) {
      live?.view((frame) => draw(frame).map(redact))
      return live !== undefined
    },
    note: (text) => void (quiet || line(text)),
    detail: (text) => void (verbose && line(colors.dim(text))),
    warn(text) {
      line(`${colors.yellow('warning:')} ${text}`)
      annotate('warning', text)
    },
    print: (text) => void (json || writeSafely(process.stdout, text)),
    printJson: (value) => void (json && writeData(process.stdout, JSON.stringify(value, null, 2))),
    printJsonLine: (value) => void (json && writeData(process.stdout, JSON.stringify(value))),
    error(error) {
      line(formatError(error, colors))
      annotate('error', error.fix ? `${error.message} ${error.fix}` : error.message, readPlace(error.place))
      terminal.summary(summarizeError(error))
    },
    summary(markdown) {
      if (!process.env.GITHUB_STEP_SUMMARY) return
      try {
        appendFileSync(process.env.GITHUB_STEP_SUMMARY, `${redact(markdown)}\n`)
      } catch (cause) {
        terminal.warn(`The step summary could not be written: ${describeCause(cause)}`)
      }
    },
  }
  return terminal
}

function writeSafely(stream: NodeJS.WriteStream, text: string): void {
  writeData(stream, readable(text))
}

function writeData(stream: NodeJS.WriteStream, text: string): void {
  stream.write(`${defuseCommands(redact(text))}\n`)
}

const readable = (text: string): string => (knowsUnicode() ? text : toAscii(text))

function formatError(error: CliError, colors: Colors): string {
  if (error.report) return error.report.replace(/^\w+/, (word) => colors.red(word))
  const cause = describeCause(error.cause)
  const lines = [`${colors.red('error:')} ${error.message}`]
  if (cause) lines.push(`  ${colors.dim('cause:')} ${cause.split('\n').join('\n         ')}`)
  if (error.fix) lines.push(`  ${colors.dim('fix:')} ${error.fix.split('\n').join('\n       ')}`)
  return lines.join('\n')
}

/** Of `file:line`. */
function readPlace(text = ''): Place {
  const [, file, line] = /^(.+):(\d+)$/.exec(text) ?? []
  return file ? { file, line: Number(line) } : {}
}

function summarizeError({ message, fix, cause, report }: CliError): string {
  if (report) return `### ✖ ${message}\n\n\`\`\`text\n${report.replaceAll('```', "'''")}\n\`\`\``
  const told = describeCause(cause)?.replaceAll('```', "'''")
  return [`### ✖ ${message}`, told && `\`\`\`text\n${told}\n\`\`\``, fix].filter(Boolean).join('\n\n')
}

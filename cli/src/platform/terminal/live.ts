import { stripVTControlCharacters } from 'node:util'
import { createLogUpdate } from 'log-update'
import { knowsUnicode, toAscii } from './ascii.ts'
import type { Colors } from './colors.ts'
import { formatSeconds } from './format-seconds.ts'

/** What a view is drawn on. */
export type Frame = { width: number; colors: Colors; /** Epoch milliseconds. */ now: number }
/** @returns lines, none wider than the frame */
export type View = (frame: Frame) => string[]

/** The end of a terminal's screen that says what is going on, with the time it has taken so far. */
export type LiveLine = {
  start(name: string): LiveStep
  /** Lines above that of the step which began last; they go when it ends. */
  view(draw: View): void
  /** Prints a line that stays, above the live ones. */
  above(text: string): void
}

export type LiveStep = { say(detail: string): void; stop(): void }

type Running = { name: string; detail: string; started: number; view: View | undefined }

/** The text, or as much of it as there is room for. */
export const cut = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`)

export function liveLine(stream: NodeJS.WriteStream, colors: Colors): LiveLine {
  const update = createInPlace(stream)
  const isUnicode = knowsUnicode()
  const frames = isUnicode ? ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] : ['-', '\\', '|', '/']
  const running: Running[] = []
  let timer: NodeJS.Timeout | undefined
  let turn = 0

  const draw = () => {
    turn = (turn + 1) % frames.length
    // The last column stays free: some terminals wrap a line that fills it.
    const width = (stream.columns || 80) - 1
    const lines = running.flatMap(({ name, detail, started, view }) => {
      const time = formatSeconds((performance.now() - started) / 1000)
      const room = width - `x ${name} ${time} `.length
      const line = `${colors.cyan(frames[turn] ?? '')} ${cut(name, width - 2)} ${colors.dim(time)} ${colors.dim(view ? '' : cut(detail, Math.max(0, room)))}`
      // The line that changes most stands last, so that the rest is seldom written anew.
      return [...(view ? ['', ...view({ width, colors, now: Date.now() }), ''] : []), line.trimEnd()]
    })
    update.show(isUnicode ? lines.join('\n') : toAscii(lines.join('\n')))
  }
  return {
    start(name) {
      const step: Running = { name, detail: '', started: performance.now(), view: undefined }
      running.push(step)
      timer ??= setInterval(draw, 100).unref()
      return {
        say: (detail) => void (step.detail = detail),
        stop() {
          running.splice(running.indexOf(step), 1)
          update.clear()
          if (running.length > 0) return
          clearInterval(timer)
          timer = undefined
          update.done()
        },
      }
    },
    view(drawn) {
      const step = running.at(-1)
      if (step) step.view = drawn
    },
    above(text) {
      update.clear()
      stream.write(`${text}\n`)
    },
  }
}

/** A text of many lines that is drawn anew in its place. */
export function liveText(stream: NodeJS.WriteStream): { show(text: string): void } {
  return createInPlace(stream)
}

/** Draws in place, also after the window has become narrower: terminals then wrap what stands there into more lines. */
function createInPlace(stream: NodeJS.WriteStream) {
  const update = createLogUpdate(stream)
  let shown = ''
  const clear = () => {
    update.clear()
    shown = ''
  }
  stream.on('resize', () => {
    const lines = stripVTControlCharacters(shown).split('\n')
    const wrapped = lines.reduce((sum, { length }) => sum + Math.max(0, Math.ceil(length / (stream.columns || 80)) - 1), 0)
    clear()
    stream.write('\u001B[1A\u001B[2K'.repeat(wrapped))
  })
  return {
    clear,
    show(text: string) {
      shown = text
      update(text)
    },
    done: () => update.done(),
  }
}

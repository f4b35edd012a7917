import { createLogUpdate } from 'log-update'
import type { Colors } from './colors.ts'
import { formatSeconds } from './format-seconds.ts'

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/** The one line at the bottom of a terminal that says what is going on, with the time it has taken so far. */
export type LiveLine = {
  start(name: string): void
  say(detail: string): void
  stop(): void
  /** Prints a line that stays, above the live one. */
  above(text: string): void
}

export function liveLine(stream: NodeJS.WriteStream, colors: Colors): LiveLine {
  const update = createLogUpdate(stream)
  const running: { name: string; detail: string; started: number }[] = []
  let timer: NodeJS.Timeout | undefined
  let frame = 0

  const draw = () => {
    frame = (frame + 1) % frames.length
    const lines = running.map(({ name, detail, started }) => {
      const time = colors.dim(formatSeconds((performance.now() - started) / 1000))
      return `${colors.cyan(frames[frame] ?? '')} ${name} ${time} ${colors.dim(detail)}`.slice(0, 4 * (stream.columns ?? 80))
    })
    update(lines.join('\n'))
  }
  return {
    start(name) {
      running.push({ name, detail: '', started: performance.now() })
      timer ??= setInterval(draw, 100).unref()
    },
    say(detail) {
      const step = running.at(-1)
      if (step) step.detail = detail
    },
    stop() {
      running.pop()
      update.clear()
      if (running.length > 0) return
      clearInterval(timer)
      timer = undefined
      update.done()
    },
    above(text) {
      update.clear()
      stream.write(`${text}\n`)
    },
  }
}

/** A text of many lines that is drawn anew in its place. */
export function liveText(stream: NodeJS.WriteStream): { show(text: string): void } {
  const update = createLogUpdate(stream)
  return { show: (text) => update(text) }
}

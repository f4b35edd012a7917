import { constants } from 'node:os'
import { CliError } from './errors.ts'

const watched = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const controller = new AbortController()

/** Aborted by the first SIGINT, SIGTERM or SIGHUP; its reason is the CliError the command ends with. */
export const interruption: AbortSignal = controller.signal

/**
 * Turns signals into `interruption`. Whoever runs a program listens to it, passes ONE interrupt on and waits:
 * a second one would make terraform give up without saving its state, so further signals only repeat the notice.
 * @param notify prints a sentence on stderr
 */
export function watchInterrupts(notify: (sentence: string) => void): void {
  for (const signal of watched) {
    process.on(signal, () => {
      if (controller.signal.aborted) {
        notify(`${signal} again: already stopping. Waiting for the running program to finish and save its state.`)
        return
      }
      notify(`${signal} received: stopping as soon as it is safe.`)
      controller.abort(interruptedBy(signal))
    })
  }
}

/** Throws the interruption's reason when a signal has arrived. */
export function throwIfInterrupted(): void {
  controller.signal.throwIfAborted()
}

function interruptedBy(signal: (typeof watched)[number]): CliError {
  return new CliError('interrupted', `Interrupted by ${signal}.`, { exitCode: 128 + constants.signals[signal] })
}

import { setTimeout as sleep } from 'node:timers/promises'
import { isDenied } from '../../platform/aws/client.ts'
import type { LogEvent, LogQuery } from '../../platform/aws/logs.ts'
import { CliError } from '../../platform/errors.ts'
import { interruption } from '../../platform/interrupts.ts'
import type { LogSource } from './source.ts'

type TailOptions = LogQuery & {
  /** Asked before each further look; the last look comes after it has said yes. */
  isOver: () => boolean
  /** Told of every gap in the connection, and of its end. */
  note: (text: string) => void
  pollMilliseconds?: number
}

const pollMilliseconds = 2000
const longestPauseMilliseconds = 15_000
/** Lines of several tasks arrive out of order, some a little late: so far back every look reaches. */
const lateMilliseconds = 60_000

/**
 * Lines as they come, each once. CloudWatch may be out of reach meanwhile: it goes on where it was.
 * @throws CliError `unavailable` when the first look fails, or when the permission is missing
 */
export async function* tail({ log }: LogSource, { isOver, note, pollMilliseconds: pause = pollMilliseconds, ...query }: TailOptions): AsyncGenerator<LogEvent> {
  const seen = new Map<string, number>()
  let { from } = query
  let newest = from.getTime()
  let blindSince: number | undefined
  for (let looks = 0, failures = 0; ; looks++) {
    const last = isOver()
    try {
      for await (const page of log.readPages({ ...query, from })) {
        for (const event of page) {
          // Not every stand-in for CloudWatch knows how to leave other streams out.
          if (seen.has(event.id) || !event.stream.startsWith(query.streams ?? '')) continue
          seen.set(event.id, event.at.getTime())
          newest = Math.max(newest, event.at.getTime())
          yield event
        }
      }
      if (blindSince !== undefined) note(`CloudWatch answers again, after ${secondsSince(blindSince)} s; it goes on where it was.`)
      blindSince = undefined
      failures = 0
    } catch (error) {
      if (looks === 0 || last || !isPassing(error)) throw error
      if (blindSince === undefined) note(`${error.message} It is asked again.`)
      blindSince ??= performance.now()
      failures++
    }
    if (last) return
    from = new Date(Math.max(query.from.getTime(), newest - lateMilliseconds))
    for (const [id, at] of seen) if (at < from.getTime()) seen.delete(id)
    const milliseconds = Math.min(longestPauseMilliseconds, pause * 2 ** failures)
    await sleep(milliseconds, undefined, { signal: interruption }).catch(() => interruption.throwIfAborted())
  }
}

const isPassing = (error: unknown): error is CliError => error instanceof CliError && error !== interruption.reason && !isDenied(error.cause)
const secondsSince = (moment: number) => Math.round((performance.now() - moment) / 1000)

import { writeSync } from 'node:fs'
import type { Answer } from './answer.ts'

/**
 * The line that every answer has in the log: add a field here. What only a route or a middleware knows, such as who is
 * logged in, it adds itself: `c.env.outgoing.logFields.user = user.id`.
 */
export function describeAnswer({ req, statusCode, requestId, startedAt, logFields }: Answer): Record<string, unknown> {
  const { method, url = '' } = req
  return {
    level: statusCode >= 500 ? 'error' : 'info',
    requestId,
    method,
    path: url.split('?', 1)[0],
    status: statusCode,
    milliseconds: Math.round((performance.now() - startedAt) * 1000) / 1000,
    ...logFields,
  }
}

/** Whatever was thrown, as fields of a line. */
export function describeError(error: unknown): Record<string, unknown> {
  return error instanceof Error ? { error: error.message, stack: error.stack } : { error: String(error) }
}

export type Log = {
  /** Takes one event; it is written as one line of JSON, with the time. */
  write: (event: Record<string, unknown>) => void
  /** Writes what is still held back. */
  flush: () => void
}

const holdMilliseconds = 20
const holdBytes = 16 * 1024

/**
 * Logs to a file descriptor. Lines are held for a moment and written together, because one write for each would halve the
 * throughput; whoever creates the log flushes it before the process ends.
 */
export function createLog(descriptor = 1): Log {
  let held = ''
  const timestamp = createTimestamp()
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    const text = held
    held = ''
    if (text !== '') writeFully(descriptor, text)
  }
  return {
    write(event) {
      held += `${JSON.stringify({ time: timestamp(), ...event })}\n`
      if (held.length >= holdBytes) flush()
      else timer ??= setTimeout(flush, holdMilliseconds).unref()
    },
    flush,
  }
}

/** Many events share a millisecond, and formatting it takes longer than all else. */
function createTimestamp(): () => string {
  let last = 0
  let text = ''
  return () => {
    const now = Date.now()
    if (now !== last) text = new Date((last = now)).toISOString()
    return text
  }
}

/** A full pipe answers EAGAIN; what is left is then tried again. */
function writeFully(descriptor: number, text: string): void {
  let rest = Buffer.from(text)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
    }
  }
}

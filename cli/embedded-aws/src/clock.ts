/** Time as AWS's numbers mean it; a speed of 10 lets ten of its seconds pass in one. */
export type Clock = {
  /** Milliseconds of real time that so many of AWS's seconds take. */
  ms: (seconds: number) => number
  /** AWS's seconds since an epoch timestamp in seconds. */
  since: (timestamp: number) => number
  /** The number of AWS's seconds since 1970, or until an epoch timestamp, where all of them pass at this speed. */
  second: (timestamp?: number) => number
  /** The epoch timestamp of such a second. */
  timestamp: (second: number) => number
  after: (seconds: number, run: () => void) => NodeJS.Timeout
  sleep: (seconds: number) => Promise<void>
}

export function createClock(speed = 1): Clock {
  const ms = (seconds: number) => (seconds * 1000) / speed
  const after = (seconds: number, run: () => void) => setTimeout(run, ms(seconds)).unref()
  return {
    ms,
    since: (timestamp) => (now() - timestamp) * speed,
    second: (timestamp = now()) => Math.floor(timestamp * speed),
    timestamp: (second) => second / speed,
    after,
    sleep: (seconds) => new Promise((resolve) => after(seconds, resolve)),
  }
}

/** Seconds since 1970, as AWS's JSON protocols write a timestamp. */
export const now = () => Date.now() / 1000

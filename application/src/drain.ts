import type { Server } from 'node:http'

export type DrainSettings = {
  /** How long failing readiness checks are answered before the load balancer can be trusted to have noticed. */
  unreadySeconds: number
  /** How long nothing at all has to come in, where a load balancer has been checking: it has let go of us. */
  silenceSeconds: number
  /** The end, whatever comes in; below the stop timeout, after which ECS kills the task. */
  deadlineSeconds: number
}

export type Drain = {
  isReady(): boolean
  /** Stops in order; resolves when the last connection has ended. Calling it again changes nothing. */
  stop(): Promise<void>
}

/** Without a load balancer nobody has to notice anything. */
const aloneSeconds = 0.3

/**
 * Stops a server without losing a request, whether or not the load balancer knew beforehand: it keeps listening and
 * answers with `Connection: close` while readiness fails; it closes when nobody comes any more, or the deadline has.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#deregistration-delay
 */
export function drainable(server: Server, settings: DrainSettings): Drain {
  let stopping: Promise<void> | undefined
  let stoppedAt = 0
  let unreadySince: number | undefined
  let lastRequest = 0
  let checkedByLoadBalancer = false
  let active = 0

  server.prependListener('request', (request, response) => {
    lastRequest = performance.now()
    active++
    response.once('close', () => active--)
    if (request.url === '/healthz') checkedByLoadBalancer = true
    if (!stopping) return
    response.shouldKeepAlive = false
    if (request.url === '/healthz') unreadySince ??= lastRequest
  })

  const secondsSince = (moment: number) => (performance.now() - moment) / 1000
  const isOver = () => {
    if (secondsSince(stoppedAt) >= settings.deadlineSeconds) return true
    if (active > 0) return false
    if (unreadySince !== undefined && secondsSince(unreadySince) >= settings.unreadySeconds) return true
    const silence = checkedByLoadBalancer ? settings.silenceSeconds : aloneSeconds
    return secondsSince(Math.max(stoppedAt, lastRequest)) >= silence
  }
  return {
    isReady: () => stopping === undefined,
    stop() {
      stoppedAt ||= performance.now()
      stopping ??= waitFor(isOver).then(() => close(server))
      return stopping
    },
  }
}

function waitFor(condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (!condition()) return
      clearInterval(timer)
      resolve()
    }, 50)
  })
}

/** Ends idle connections at once and gives the busy ones a moment. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), 3000).unref()
  })
}

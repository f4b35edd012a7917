import { createAdaptorServer } from '@hono/node-server'
import type { Server } from 'node:http'
import { answersLoggedTo } from './answer.ts'
import { createApp } from './app.ts'
import { readSettings, type Settings } from './config.ts'
import { drainable } from './drain.ts'
import { createLog, describeError } from './log.ts'
import { findTask } from './task.ts'

const read = readSettings(process.env)
if ('problems' in read) {
  process.stderr.write(read.problems.map((problem) => `The app cannot start: ${problem}\n`).join(''))
  process.exitCode = 1
} else {
  await serve(read.settings)
}

async function serve(settings: Settings): Promise<void> {
  const log = createLog()
  const say = (event: string, more: object = {}) => log.write({ level: 'info', event, ...more })
  process.on('exit', log.flush)
  process.on('uncaughtException', (error, event) => {
    log.write({ level: 'error', event, ...describeError(error) })
    end(1)
  })
  const task = await findTask(settings.ECS_CONTAINER_METADATA_URI_V4)
  // Loaded only where they are wanted: without them the app starts and answers as if there were none.
  const metrics = settings.METRICS_PORT === undefined ? undefined : (await import('./metrics.ts')).createMetrics()
  const app = createApp({ settings, task, log, isReady: () => drain.isReady(), middleware: metrics?.middleware })
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions: { headersTimeout: 70_000, ServerResponse: answersLoggedTo(log) } }) as Server
  metrics?.observe(server)
  // Longer than the load balancer's idle timeout of 60 s, so that the balancer always closes first.
  server.keepAliveTimeout = 65_000
  const drain = drainable(server, {
    unreadySeconds: settings.DRAIN_UNREADY_SECONDS,
    silenceSeconds: settings.DRAIN_SILENCE_SECONDS,
    deadlineSeconds: settings.DRAIN_DEADLINE_SECONDS,
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // Ctrl-C twice ends it at once; SIGTERM twice is what ECS may send, such as to a Spot task that is taken back.
      if (!drain.isReady()) return void (signal === 'SIGINT' && end(1))
      say('stopping', { signal })
      log.flush()
      void drain.stop().then(() => {
        say('stopped')
        end(0)
      })
    })
  }
  const refuse = (host: string, port: number | undefined) => (error: NodeJS.ErrnoException) => {
    process.stderr.write(`The app cannot listen on ${host}:${port}: ${error.code ?? error.message}.\n`)
    end(1)
  }
  metrics?.server.on('error', refuse(settings.METRICS_HOST, settings.METRICS_PORT))
  metrics?.server.listen(settings.METRICS_PORT, settings.METRICS_HOST, () => say('serving metrics', { port: portOf(metrics.server) }))
  server.on('error', refuse(settings.HOST, settings.PORT))
  server.listen(settings.PORT, settings.HOST, () => {
    say('listening', { port: portOf(server), version: settings.APP_VERSION, imageTag: settings.IMAGE_TAG })
    log.flush()
  })

  function end(code: number): never {
    // eslint-disable-next-line n/no-process-exit -- 'exit' flushes the log; a connection that stays open must not keep it alive
    process.exit(code)
  }
}

function portOf(server: Server): number | undefined {
  const address = server.address()
  return typeof address === 'object' ? address?.port : undefined
}

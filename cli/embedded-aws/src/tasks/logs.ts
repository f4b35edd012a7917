import type { Readable } from 'node:stream'
import { AwsError } from '../aws-error.ts'
import type { LogFilters } from '../cloudwatch/log-filters.ts'
import type { ContainerDefinition, Scope, Task } from '../records.ts'
import type { EngineApi } from '../engine/engine-api.ts'
import { ResourceInitializationError } from './secrets.ts'
import type { Upstream } from '../upstream.ts'

export type LogStream = { write: (message: string, at?: number) => void; end: () => Promise<void> }

const silent: LogStream = { write: () => undefined, end: async () => undefined }
const flushMs = 250
/** Lines of one container. ministack holds all it is sent in memory and reads it at its start, so old lines leave. */
const keptAtMost = 10_000
const keptThen = 5000

/**
 * Opens the CloudWatch Logs stream of a container with the awslogs driver: `prefix/container/task-id`.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
 * @param sent is told the time of the last line that has arrived there, in milliseconds since 1970
 * @throws ResourceInitializationError when the log group is missing, worded as ECS does
 */
export async function openLogStream(
  { upstream, filter }: { upstream: Upstream; filter: LogFilters },
  scope: Scope,
  task: Task,
  container: ContainerDefinition,
  sent: (until: number) => void,
): Promise<LogStream> {
  const { logDriver, options = {} } = container.logConfiguration ?? {}
  if (logDriver !== 'awslogs') return silent
  const where = {
    logGroupName: options['awslogs-group'] ?? '',
    logStreamName: `${options['awslogs-stream-prefix'] ?? 'ecs'}/${container.name}/${task.taskArn.split('/').at(-1)}`,
  }
  const region = { ...scope, region: options['awslogs-region'] ?? scope.region }
  if (options['awslogs-create-group'] === 'true') {
    await upstream.call(region, 'logs', 'CreateLogGroup', { logGroupName: where.logGroupName }).catch(() => undefined)
  }
  await upstream.call(region, 'logs', 'CreateLogStream', where).catch((error: AwsError) => {
    if (error.type === 'ResourceAlreadyExistsException') return
    throw new ResourceInitializationError(
      'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to ' +
        `create Cloudwatch log stream: ${error.type}: ${error.message} : exit status 1`,
    )
  })
  const put = (logEvents: LogEvent[]) => upstream.call(region, 'logs', 'PutLogEvents', { ...where, logEvents })
  const empty = async () => {
    await upstream.call(region, 'logs', 'DeleteLogStream', where)
    await upstream.call(region, 'logs', 'CreateLogStream', where)
  }
  const keep = keepNewest(put, empty)
  const send = async (events: LogEvent[]) => {
    await keep(events)
    await filter(region, where.logGroupName, events.map(({ message }) => message))
  }
  return batch(send, sent)
}

type LogEvent = { timestamp: number; message: string }

/** Starts a stream anew with its newest lines when it has too many. */
function keepNewest(put: (events: LogEvent[]) => Promise<void>, empty: () => Promise<void>) {
  let count = 0
  let newest: LogEvent[] = []
  return async (events: LogEvent[]): Promise<void> => {
    count += events.length
    newest = [...newest, ...events].slice(-keptThen)
    if (count <= keptAtMost) return put(events)
    await empty()
    count = newest.length
    await put(newest)
  }
}

function batch(put: (events: LogEvent[]) => Promise<void>, sent: (until: number) => void): LogStream {
  const waiting: LogEvent[] = []
  let timer: NodeJS.Timeout | undefined
  let sending: Promise<unknown> = Promise.resolve()
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    const events = waiting.splice(0)
    // A log group that was deleted meanwhile loses its lines, as with ECS.
    const send = () => put(events).then(() => sent(events.at(-1)?.timestamp ?? 0))
    if (events.length > 0) sending = sending.then(send).catch(() => undefined)
    return sending
  }
  return {
    write: (message, timestamp = Date.now()) => {
      if (message === '') return
      waiting.push({ timestamp, message })
      if (waiting.length >= 1000) void flush()
      else timer ??= setTimeout(flush, flushMs)
    },
    end: async () => void (await flush()),
  }
}

/**
 * Sends what a container prints to its log stream until it ends.
 * @param until when the last line was printed that had been sent before the gateway was restarted, in milliseconds
 */
export async function followLogs(engine: EngineApi, id: string, stream: LogStream, until: number | undefined): Promise<void> {
  const since = until === undefined ? '0' : String((until + 1) / 1000)
  const query = { follow: '1', stdout: '1', stderr: '1', timestamps: '1', since }
  const output = await engine.stream('GET', `/containers/${id}/logs`, { query })
  for await (const line of readLines(output)) {
    const space = line.indexOf(' ')
    stream.write(line.slice(space + 1), Date.parse(line.slice(0, space)) || Date.now())
  }
}

/** Frames of the engine's log stream: one byte for the stream, three zero, four for the length. */
async function* readLines(output: Readable): AsyncGenerator<string> {
  let rest = Buffer.alloc(0)
  const partial: Record<number, string> = {}
  for await (const chunk of output) {
    rest = Buffer.concat([rest, chunk as Buffer])
    while (rest.length >= 8 && rest.length >= 8 + rest.readUInt32BE(4)) {
      const stream = rest[0] as number
      const end = 8 + rest.readUInt32BE(4)
      const lines = ((partial[stream] ?? '') + rest.subarray(8, end).toString()).split('\n')
      rest = rest.subarray(end)
      partial[stream] = lines.pop() as string
      yield* lines
    }
  }
  yield* Object.values(partial).filter(Boolean)
}

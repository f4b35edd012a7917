import { CloudWatchLogsClient, DescribeLogStreamsCommand, FilterLogEventsCommand, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { awsError, clientDefaults, doing, timedCallOptions } from './client.ts'

/** One line of a log stream. */
export type LogEvent = { id: string; at: Date; stream: string; message: string }

/** Which lines are asked for; `filter` is in CloudWatch's own syntax, `streams` is how their names begin. */
export type LogQuery = { from: Date; streams?: string | undefined; filter?: string | undefined }

/** Reads the log streams of one group. @throws each CliError `unavailable` */
export function openLogGroup(logGroupName: string, region: string) {
  const logs = new CloudWatchLogsClient(clientDefaults(region))
  return {
    /** @returns oldest first, none where the stream does not exist */
    readLastLines: async (logStreamName: string, limit: number): Promise<string[]> => {
      try {
        const asked = new GetLogEventsCommand({ logGroupName, logStreamName, limit, startFromHead: false })
        const { events = [] } = await logs.send(asked, timedCallOptions())
        return events.map(({ message = '' }) => message)
      } catch (cause) {
        if ((cause as Error).name === 'ResourceNotFoundException') return []
        throw awsError(`read the log group ${logGroupName}`, cause, 'logs:GetLogEvents')
      }
    },

    /** A page of lines at a time, oldest first: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html */
    async *readPages({ from, streams, filter }: LogQuery): AsyncGenerator<LogEvent[]> {
      const query = { logGroupName, startTime: from.getTime(), logStreamNamePrefix: streams, filterPattern: filter }
      let nextToken: string | undefined
      do {
        const asked = logs.send(new FilterLogEventsCommand({ ...query, nextToken }), timedCallOptions())
        const answer = await doing(`read the log group ${logGroupName}`, asked, 'logs:FilterLogEvents')
        yield (answer.events ?? []).map(({ eventId: id = '', timestamp = 0, logStreamName: stream = '', message = '' }) => ({
          id,
          at: new Date(timestamp),
          stream,
          message: message.trimEnd(),
        }))
        nextToken = answer.nextToken
      } while (nextToken)
    },

    /** The streams that were written to last, with the time of the last line. */
    listStreams: async (): Promise<{ name: string; lastAt: Date | undefined }[]> => {
      const asked = logs.send(new DescribeLogStreamsCommand({ logGroupName, orderBy: 'LastEventTime', descending: true }), timedCallOptions())
      const { logStreams = [] } = await doing(`list the streams of ${logGroupName}`, asked, 'logs:DescribeLogStreams')
      return logStreams.map(({ logStreamName: name = '', lastEventTimestamp: last }) => ({ name, lastAt: last === undefined ? undefined : new Date(last) }))
    },
  }
}

import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { awsError, clientDefaults, timedCallOptions } from './client.ts'

/** Reads the last lines of log streams of one group. */
export function openLogGroup(logGroupName: string, region: string) {
  const logs = new CloudWatchLogsClient(clientDefaults(region))
  return {
    /** @returns oldest first, none where the stream does not exist @throws CliError `unavailable` */
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
  }
}

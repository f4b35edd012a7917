export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA'

/** How many of the last points decide, and what is made of those that are missing. */
export type Judging = {
  evaluationPeriods: number
  datapointsToAlarm: number
  treatMissingData: 'missing' | 'ignore' | 'breaching' | 'notBreaching'
}

/** More periods are looked at than decide, so that a gap of two does not count. AWS names no number; its examples have two more. */
export const evaluationRange = ({ evaluationPeriods }: Judging) => evaluationPeriods + 2

/**
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 * @param breaching whether the points of the evaluation range pass the threshold, the newest first; undefined where there is none
 * @returns undefined where the state stays what it is
 */
export function judge(breaching: (boolean | undefined)[], judging: Judging): AlarmState | undefined {
  const { evaluationPeriods, datapointsToAlarm, treatMissingData } = judging
  const there = breaching.filter((point) => point !== undefined).slice(0, evaluationPeriods)
  const missing = evaluationPeriods - there.length
  const over = there.filter(Boolean).length
  if (over >= datapointsToAlarm) return 'ALARM'
  if (treatMissingData === 'notBreaching') return 'OK'
  if (treatMissingData === 'breaching') return over + missing >= datapointsToAlarm ? 'ALARM' : 'OK'
  if (there.length === 0) return treatMissingData === 'missing' ? 'INSUFFICIENT_DATA' : undefined
  if (over < there.length || over + missing < datapointsToAlarm) return 'OK'
  // All that is there passes the threshold: it is an alarm once the first of it is old enough, however little came since.
  const isOld = breaching.lastIndexOf(true) >= datapointsToAlarm - 1
  return treatMissingData === 'missing' && isOld ? 'ALARM' : undefined
}

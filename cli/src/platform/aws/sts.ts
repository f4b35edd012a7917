import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { CliError } from '../errors.ts'
import { awsError, callOptions, clientDefaults } from './client.ts'

/** Who the credentials belong to. */
export type Identity = { account: string; arn: string }

/**
 * @returns the account and principal of the credentials in use
 *   (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html)
 * @throws CliError `unavailable`
 */
export async function getIdentity(region: string): Promise<Identity> {
  try {
    const answer = await new STSClient(clientDefaults(region)).send(new GetCallerIdentityCommand({}), callOptions)
    return { account: answer.Account ?? '', arn: answer.Arn ?? '' }
  } catch (cause) {
    throw awsError('ask AWS which account this is', cause)
  }
}

/**
 * @returns by how many seconds this machine's clock is ahead of AWS's, which the Date header of any answer tells
 * @throws CliError `unavailable`
 */
export async function measureClockSkew(region: string): Promise<number> {
  const sts = new STSClient(clientDefaults(region))
  let skew: number | undefined
  // The header is read before the answer is: a refusal because of the clock has one, too.
  sts.middlewareStack.add(
    (next) => async (input) => {
      const asked = Date.now()
      const answer = await next(input)
      const { headers = {} } = answer.response as { headers?: Record<string, string> }
      const told = Date.parse(headers.date ?? '')
      // The header has no fractions of a second; on average it tells half a second too little.
      if (!Number.isNaN(told)) skew ??= ((asked + Date.now()) / 2 - told - 500) / 1000
      return answer
    },
    { step: 'deserialize', priority: 'low' },
  )
  const failure = await sts.send(new GetCallerIdentityCommand({}), callOptions).then(() => undefined, (cause: unknown) => cause)
  if (skew !== undefined) return skew
  if (failure) throw awsError('ask AWS for the time', failure)
  throw new CliError('unavailable', 'AWS answered without a Date header.')
}

import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
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

import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { CliError } from '../errors.ts'
import { settingsFile } from '../project.ts'
import { awsError, callOptions, clientDefaults, doing } from './client.ts'

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

/** Which account is meant, where the settings say so. */
type Meant = { region: string; allowed_account_ids?: string[] | null | undefined }

/**
 * Makes sure that the credentials are those of an account that is meant, before anything else is asked of it.
 * @throws CliError `usage` for another account
 */
export async function requireAccount({ region, allowed_account_ids: allowed }: Meant): Promise<void> {
  if (!allowed || allowed.length === 0) return
  const { account, arn } = await getIdentity(region)
  if (allowed.includes(account)) return
  throw new CliError('usage', `These credentials are of the account ${account}, and only ${allowed.join(', ')} is meant; nothing was read or changed.`, {
    fix: `Sign in to the account that is meant (AWS_PROFILE), or change allowed_account_ids in ${settingsFile('inputs')}.`,
    cause: arn,
  })
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

/** @returns when the credentials in use end, or undefined where they do not @throws CliError `unavailable` */
export async function findExpiry(region: string): Promise<Date | undefined> {
  const find = new STSClient(clientDefaults(region)).config.credentials
  return (await doing('find credentials', find())).expiration
}

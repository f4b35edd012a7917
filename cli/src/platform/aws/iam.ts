import { GetRoleCommand, IAMClient, ListOpenIDConnectProvidersCommand, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam'
import { awsError, clientDefaults, doing, timedCallOptions } from './client.ts'

/** @returns whether the account has a role of this name @throws CliError `unavailable` */
export async function hasRole(name: string, region: string): Promise<boolean> {
  try {
    await new IAMClient(clientDefaults(region)).send(new GetRoleCommand({ RoleName: name }), timedCallOptions())
    return true
  } catch (cause) {
    const { name: error } = cause as Error
    if (error === 'NoSuchEntity' || error === 'NoSuchEntityException') return false
    throw awsError(`read the role ${name}`, cause, 'iam:GetRole')
  }
}

/** @returns the ARN of the account's OIDC provider for a host @throws CliError `unavailable` */
export async function findOidcProvider(host: string, region: string): Promise<string | undefined> {
  const asked = new IAMClient(clientDefaults(region)).send(new ListOpenIDConnectProvidersCommand({}), timedCallOptions())
  const { OpenIDConnectProviderList: providers = [] } = await doing('list the OIDC providers', asked, 'iam:ListOpenIDConnectProviders')
  return providers.map(({ Arn }) => Arn ?? '').find((arn) => arn.endsWith(`/${host}`))
}

/**
 * @returns which of the actions a role is not allowed, on any resource
 *   (https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html)
 * @throws CliError `unavailable`
 */
export async function findDenied(roleArn: string, actions: string[], region: string): Promise<string[]> {
  const asked = new SimulatePrincipalPolicyCommand({ PolicySourceArn: roleArn, ActionNames: actions })
  const call = new IAMClient(clientDefaults(region)).send(asked, timedCallOptions())
  const { EvaluationResults = [] } = await doing('ask what the task role allows', call, 'iam:SimulatePrincipalPolicy')
  return EvaluationResults.flatMap(({ EvalActionName: action = '', EvalDecision: decision }) => (decision === 'allowed' ? [] : [action]))
}

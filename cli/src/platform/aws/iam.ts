import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { awsError, clientDefaults, timedCallOptions } from './client.ts'

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

import { AwsError } from '../aws-error.ts'
import type { NetworkConfiguration, Scope, TaskDefinition } from '../records.ts'
import { trustsTasks } from './role-trust.ts'
import type { Upstream } from '../upstream.ts'

/**
 * The subnets and security groups that tasks are to have are there.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_AwsVpcConfiguration.html
 * @throws AwsError `InvalidParameterException` with EC2's own words
 */
export async function requireNetwork(upstream: Upstream, scope: Scope, network: NetworkConfiguration | undefined): Promise<void> {
  const { subnets = [], securityGroups = [] } = network?.awsvpcConfiguration ?? {}
  const look = (what: string, action: string, parameter: string, ids: string[]) =>
    upstream.query(scope, 'ec2', { Action: action, ...Object.fromEntries(ids.map((id, index) => [`${parameter}.${index + 1}`, id])) }).catch((error: unknown) => {
      if (!(error instanceof AwsError)) throw error
      throw new AwsError('InvalidParameterException', `Error retrieving ${what} information for [${ids.join(', ')}]: ${error.message} (ErrorCode: ${error.type})`)
    })
  if (subnets.length > 0) await look('subnet', 'DescribeSubnets', 'SubnetId', subnets)
  if (securityGroups.length > 0) await look('security group', 'DescribeSecurityGroups', 'GroupId', securityGroups)
}

/**
 * The roles of a task definition are there, and trust ECS. AWS looks when tasks are launched, not when a definition is registered.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
 * @throws AwsError `ClientException` that names the first that is not
 */
export async function requireRoles(upstream: Upstream, scope: Scope, { taskRoleArn, executionRoleArn }: TaskDefinition): Promise<void> {
  for (const arn of [taskRoleArn, executionRoleArn]) {
    // An empty one, as some clients send it, is none.
    if (typeof arn !== 'string' || arn === '') continue
    const RoleName = arn.split('/').at(-1) as string
    const answer = await upstream.query(scope, 'iam', { Action: 'GetRole', RoleName }).catch((error: unknown) => {
      if (!(error instanceof AwsError) || error.type !== 'NoSuchEntity') throw error
      return ''
    })
    const [, policy = ''] = /<AssumeRolePolicyDocument>([^<]*)</.exec(answer) ?? []
    if (trustsTasks(decodeURIComponent(policy), scope)) continue
    throw new AwsError(
      'ClientException',
      `ECS was unable to assume the role '${arn}' that was provided for this task. Please verify that the role being passed has the ` +
        'proper trust relationship and permissions and that your IAM user has permissions to pass this role.',
    )
  }
}

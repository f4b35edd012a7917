import { hasRole } from '../../platform/aws/iam.ts'
import { fail, ok, skip, warn, type Group, type Verdict } from '../check.ts'
import type { Facts } from '../facts.ts'

/**
 * Roles by which AWS's services act for the account; AWS makes each at the first use, if whoever uses it may.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html
 */
const serviceLinked = {
  AWSServiceRoleForECS: 'ecs.amazonaws.com',
  AWSServiceRoleForElasticLoadBalancing: 'elasticloadbalancing.amazonaws.com',
  AWSServiceRoleForApplicationAutoScaling_ECSService: 'ecs.application-autoscaling.amazonaws.com',
}

export const roles: Group = {
  name: 'Roles',
  checks: [
    { name: 'execution role', neededBy: ['deploy'], look: async (facts) => lookAtRole(facts, (await facts.taskDefinition()).executionRoleArn) },
    { name: 'task role', neededBy: ['deploy', 'exec'], look: async (facts) => lookAtRole(facts, (await facts.taskDefinition()).taskRoleArn) },
    ...Object.entries(serviceLinked).map(([name, service]) => ({
      name,
      neededBy: ['deploy'],
      look: (facts: Facts) => lookAtServiceLinkedRole(facts, name, service),
    })),
  ],
}

async function lookAtRole({ settings }: Facts, arn: string | undefined): Promise<Verdict> {
  const { inputs } = await settings()
  if (!arn) return skip('the task definition names none')
  if (await hasRole(arn.split('/').at(-1) ?? '', inputs.region)) return ok(arn)
  return fail(`${arn} does not exist: no new task can start`, 'Deploy again, so that Terraform makes it anew.')
}

async function lookAtServiceLinkedRole({ settings }: Facts, name: string, service: string): Promise<Verdict> {
  const { inputs } = await settings()
  if (await hasRole(name, inputs.region)) return ok('there')
  const fix = `Before a first deployment by an identity without iam:CreateServiceLinkedRole: aws iam create-service-linked-role --aws-service-name ${service}`
  return warn('not there yet; AWS makes it at the first use', fix)
}

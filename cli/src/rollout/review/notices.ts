import type { Action, ResourceChange } from '../../terraform/plan/read-plan.ts'

/** What a change means for the people who use the app, or for those who run it. */
export type Notice = { address: string; text: string; severity: 'high' | 'medium' }

type Rule = { type: string; actions: Action[]; path?: RegExp; severity: Notice['severity']; text: string }

const gone: Action[] = ['replace', 'destroy']

/** The types of infrastructure/ whose loss or change is felt outside of it. */
const rules: Rule[] = [
  { type: 'aws_lb', actions: ['replace'], severity: 'high', text: 'The load balancer is replaced: its address changes, and nobody reaches the app until DNS leads to the new one.' },
  { type: 'aws_lb', actions: ['destroy'], severity: 'high', text: 'The load balancer goes: nobody reaches the app any more.' },
  { type: 'aws_lb', actions: ['update'], path: /^(?:subnets|subnet_mapping|security_groups|internal)\b/, severity: 'medium', text: 'The load balancer moves to other subnets or security groups: connections may break off.' },
  { type: 'aws_lb', actions: ['update'], path: /^idle_timeout$/, severity: 'medium', text: 'Idle connections are closed after another time; the app has to keep them longer than the load balancer.' },
  { type: 'aws_lb_listener', actions: gone, severity: 'high', text: 'A listener is taken away: requests to its port fail until a new one is there.' },
  { type: 'aws_lb_listener', actions: ['update'], path: /^(?:certificate_arn|ssl_policy|port|protocol)\b/, severity: 'medium', text: 'A listener has another port, certificate or TLS policy: clients that relied on the old one may fail.' },
  { type: 'aws_lb_target_group', actions: gone, severity: 'medium', text: 'The target group is replaced: requests fail unless tasks are healthy in the new one before the listener leads there.' },
  { type: 'aws_ecs_service', actions: ['replace'], severity: 'high', text: 'The ECS service is replaced: all tasks stop before new ones start, so the app is down in between.' },
  { type: 'aws_ecs_service', actions: ['destroy'], severity: 'high', text: 'The ECS service goes, and with it every task: the app is down.' },
  { type: 'aws_ecs_cluster', actions: gone, severity: 'high', text: 'The ECS cluster is taken away, and with it every task: the app is down in between.' },
  { type: 'aws_appautoscaling_target', actions: ['update', ...gone], path: /capacity$/, severity: 'medium', text: 'The limits of autoscaling change: the number of tasks may.' },
  { type: 'aws_vpc', actions: gone, severity: 'high', text: 'The VPC is replaced, and everything in it: the app is down in between, and all addresses change.' },
  { type: 'aws_subnet', actions: gone, severity: 'high', text: 'A subnet is replaced: what runs in it stops.' },
  { type: 'aws_nat_gateway', actions: gone, severity: 'medium', text: 'The NAT gateway is replaced: tasks have no way out in between, neither to ECR nor to other services.' },
  { type: 'aws_eip', actions: gone, severity: 'medium', text: 'The address that the tasks call others from changes: allow lists that name it have to follow.' },
  { type: 'aws_route53_record', actions: gone, severity: 'high', text: 'A DNS record is taken away: its name leads nowhere until the new one is known.' },
  { type: 'aws_acm_certificate', actions: gone, severity: 'medium', text: 'The certificate is replaced.' },
  { type: 'aws_cloudwatch_log_group', actions: gone, severity: 'high', text: 'The log group goes with all its logs.' },
  { type: 'aws_s3_bucket', actions: gone, severity: 'high', text: 'The bucket goes with all that is in it.' },
  { type: 'aws_ecr_repository', actions: gone, severity: 'high', text: 'The repository goes with all its images: there is nothing to go back to.' },
  { type: 'aws_db_instance', actions: gone, severity: 'high', text: 'The database goes with its data.' },
  { type: 'aws_rds_cluster', actions: gone, severity: 'high', text: 'The database goes with its data.' },
  { type: 'aws_dynamodb_table', actions: gone, severity: 'high', text: 'The table goes with its data.' },
  { type: 'aws_efs_file_system', actions: gone, severity: 'high', text: 'The file system goes with its data.' },
  { type: 'aws_kms_key', actions: gone, severity: 'high', text: 'The key goes: what it encrypted can no longer be read.' },
  { type: 'aws_secretsmanager_secret', actions: gone, severity: 'high', text: 'The secret goes: tasks that need it no longer start.' },
  { type: 'aws_iam_role', actions: gone, severity: 'medium', text: 'A role is replaced: what uses it has no permissions in between.' },
]

/** What will be noticed of a plan, the gravest first. */
export function findNotices(resources: ResourceChange[]): Notice[] {
  const found = resources.flatMap((resource) =>
    rules.filter((rule) => applies(rule, resource)).map(({ text, severity }) => ({ address: resource.address, text, severity })),
  )
  return found.sort((a, b) => Number(b.severity === 'high') - Number(a.severity === 'high'))
}

function applies({ type, actions, path }: Rule, resource: ResourceChange): boolean {
  if (type !== resource.type || !actions.includes(resource.action)) return false
  return !path || resource.action !== 'update' || resource.differences.some((difference) => path.test(difference.path))
}

// `terraform test` in infrastructure/, and what its plans promise beyond what the modules put out. With
// FARGATE_CTL_MODULES (a folder of git checkouts) the same is asked of the real modules.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from '@cdktn/hcl2json'
import t, { type Test } from 'tap'
import { readmeFile, renderInfrastructureReadme } from '../infrastructure-reference.ts'
import { unpackCheckouts, withoutCheckouts } from './support/checkouts.ts'
import { testBootstrap, testInfrastructure, type InfrastructureTest, type Planned } from './support/test-infrastructure.ts'

t.setTimeout(900_000)

t.test('with stand-ins', async (t) => checkPromises(t, await testInfrastructure(t)))

t.test('with the real modules', { skip: withoutCheckouts }, async (t) =>
  checkPromises(t, await testInfrastructure(t, await unpackCheckouts(t))),
)

t.test('infrastructure/README.md says what variables.tf says', async (t) => {
  t.equal(await renderInfrastructureReadme(), readFileSync(readmeFile, 'utf8'), '`npm run reference` writes it')
})

t.test('the runbook says what to do about every alarm', async (t) => {
  const read = (name: string) => readFileSync(new URL(`../../infrastructure/${name}`, import.meta.url), 'utf8')
  const headings = [...read('RUNBOOK.md').matchAll(/^## ([a-z0-9-]+)$/gm)].map(([, name]) => name)
  const named = [...`${read('alarms.tf')}${read('url-health-check.tf')}`.matchAll(/alarm_name += "\$\{local\.name\}-([a-z0-9-]+)"/g)].map(([, name]) => name)
  const { locals: [{ alarms }] } = await parse('alarms.tf', read('alarms.tf'))
  const listed = [...String(alarms).matchAll(/^ {4}"?([a-z0-9-]+)"? = \{$/gm)].map(([, name]) => name)
  t.ok(listed.length >= 8 && named.length >= 3, 'the alarms are found')
  t.same(headings.toSorted(), [...named, ...listed].toSorted())
})

t.test('the root that makes bucket, repository and roles', async (t) => {
  const { passed, output } = await testBootstrap(t)
  t.ok(passed, passed ? 'terraform test passes' : output)
  const [lock, other] = ['', 'bootstrap/'].map((folder) =>
    readFileSync(new URL(`../../infrastructure/${folder}.terraform.lock.hcl`, import.meta.url), 'utf8'),
  )
  t.equal(other, lock, 'both roots have the same provider')
})

t.test('every variable is typed and described; all but image_tag have a default, and null only where that is said', async (t) => {
  const file = fileURLToPath(new URL('../../infrastructure/variables.tf', import.meta.url))
  const { variable: variables } = await parse('variables.tf', readFileSync(file, 'utf8'))
  t.ok(Object.keys(variables).length > 20)
  for (const [name, [variable]] of Object.entries(variables as Record<string, [Planned]>)) {
    t.match(variable, { type: String, description: /\.$/ }, name)
    t.equal(variable.nullable !== false, /\bnull\b/i.test(variable.description), `${name} may be null`)
    t.equal('default' in variable, name !== 'image_tag', `${name}'s default`)
    t.ok(variable.type === '${bool}' || variable.validation, `${name} is validated`)
  }
})

async function checkPromises(t: Test, test: InfrastructureTest): Promise<void> {
  t.ok(test.passed, test.passed ? 'terraform test passes' : test.output)
  const one = (run: string, type: string) => {
    const found = test.planned(run, type)
    t.equal(found.length, 1, `${run} plans one ${type}`)
    return found[0] ?? {}
  }
  checkService(t, one('defaults', 'aws_ecs_service'), one('defaults', 'aws_ecs_task_definition'))
  checkSurroundings(t, one, test.planned)
  checkAutoscaling(t, one('defaults', 'aws_appautoscaling_target'), test.planned('defaults', 'aws_appautoscaling_policy'))
  checkNetwork(t, one, test.planned)
  checkSettings(t, one, test.planned)
  checkOtherApps(t, one)
  checkSwitches(t, one, test.planned)
}

type One = (run: string, type: string) => Planned

function checkService(t: Test, service: Planned, task: Planned): void {
  t.match(
    service,
    {
      desired_count: 2,
      deployment_circuit_breaker: [{ enable: true, rollback: true }],
      deployment_minimum_healthy_percent: 100,
      deployment_maximum_percent: 200,
      health_check_grace_period_seconds: 30,
      enable_execute_command: false,
      wait_for_steady_state: false,
      load_balancer: [{ container_name: 'app', container_port: 8080 }],
      network_configuration: [{ assign_public_ip: false }],
      propagate_tags: 'SERVICE',
    },
    'service',
  )
  t.same(weights(service), { FARGATE: [1, 1], FARGATE_SPOT: [0, 0] }, 'capacity providers: base, weight')
  t.match(task, {
    network_mode: 'awsvpc',
    requires_compatibilities: ['FARGATE'],
    skip_destroy: true,
    cpu: '256',
    memory: '512',
    runtime_platform: [{ operating_system_family: 'LINUX', cpu_architecture: 'X86_64' }],
  })
  const container = onlyContainer(t, task)
  t.match(
    container,
    {
      name: 'app',
      image: /\.amazonaws\.com\/webapp:abc123$/,
      essential: true,
      user: '1000:1000',
      privileged: false,
      readonlyRootFilesystem: true,
      stopTimeout: 30,
      portMappings: [{ containerPort: 8080, protocol: 'tcp' }],
      healthCheck: { command: ['CMD', '/usr/local/bin/node', '/app/healthcheck.js'] },
      logConfiguration: { logDriver: 'awslogs', options: { 'awslogs-group': '/ecs/webapp-dev/app', 'awslogs-region': 'us-east-1', mode: 'non-blocking', 'max-buffer-size': '25m' } },
    },
    'container',
  )
  t.same(environment(container), { APP_ENV: 'dev', AWS_REGION: 'us-east-1', IMAGE_TAG: 'abc123', PORT: '8080' }, 'environment')
}

function onlyContainer(t: Test, task: Planned): Planned {
  const [container, ...others] = JSON.parse(task.container_definitions) as Planned[]
  t.same(others, [])
  return container ?? {}
}

function environment(container: Planned): Planned {
  return Object.fromEntries(container.environment.map(({ name, value }: Planned) => [name, value]))
}

function weights(service: Planned): Record<string, [number, number]> {
  const strategies = service.capacity_provider_strategy as Planned[]
  return Object.fromEntries(strategies.map(({ capacity_provider, base, weight }) => [capacity_provider, [base, weight]]))
}

function checkSurroundings(t: Test, one: One, planned: InfrastructureTest['planned']): void {
  t.match(one('defaults', 'aws_ecs_cluster'), { name: 'webapp-dev', setting: [{ name: 'containerInsights', value: 'enabled' }] })
  t.match(one('defaults', 'aws_lb'), { name: 'webapp-dev', drop_invalid_header_fields: true, enable_deletion_protection: false, idle_timeout: 60 })
  t.match(one('defaults', 'aws_lb_target_group'), {
    name: 'webapp-dev-8080',
    target_type: 'ip',
    deregistration_delay: '15',
    health_check: [{ path: '/healthz', interval: 5, healthy_threshold: 2 }],
  })
  const groups = planned('defaults', 'aws_cloudwatch_log_group')
  t.ok(groups.some(({ name }) => name === '/ecs/webapp-dev/app'), 'the app has a log group')
  t.ok(groups.every(({ retention_in_days: days }) => days === 30), 'no log is kept for ever')
}

function checkAutoscaling(t: Test, target: Planned, policies: Planned[]): void {
  t.match(target, { min_capacity: 2, max_capacity: 6, resource_id: 'service/webapp-dev/webapp-dev', scalable_dimension: 'ecs:service:DesiredCount' })
  const tracked = policies.map(({ target_tracking_scaling_policy_configuration: [configuration] }) => configuration)
  const find = (metric: string) =>
    tracked.find(({ predefined_metric_specification: [metrics] }) => metrics.predefined_metric_type === metric)
  t.match(find('ECSServiceAverageCPUUtilization'), { target_value: 60 })
  t.match(find('ALBRequestCountPerTarget'), {
    target_value: 6000,
    predefined_metric_specification: [{ resource_label: 'app/webapp-dev/0123456789abcdef/targetgroup/webapp-dev-8080/fedcba9876543210' }],
  })
}

function checkNetwork(t: Test, one: One, planned: InfrastructureTest['planned']): void {
  t.equal(one('defaults', 'aws_vpc').cidr_block, '10.0.0.0/16')
  const subnets = planned('defaults', 'aws_subnet')
  t.same([...new Set(subnets.map(({ availability_zone: zone }) => zone))].sort(), ['us-east-1a', 'us-east-1b'], 'two zones')
  t.ok(subnets.every(({ map_public_ip_on_launch: open }) => !open), 'no subnet gives public addresses away')
  t.equal(planned('defaults', 'aws_nat_gateway').length, 1, 'one NAT gateway')
  t.equal(planned('defaults', 'aws_flow_log').length, 1, 'traffic is logged')
  const closed = one('defaults', 'aws_default_security_group')
  t.same([closed.ingress ?? [], closed.egress ?? []], [[], []], 'the default security group is closed')
  t.same(planned('defaults', 'aws_security_group_rule'), [], 'rules are of the newer kind')
  const inbound = planned('defaults', 'aws_vpc_security_group_ingress_rule')
  t.match(inbound.find(({ to_port: port }) => port === 8080), { from_port: 8080, cidr_ipv4: null, referenced_security_group_id: String }, 'tasks are reached from the load balancer')
  t.match(inbound.find(({ to_port: port }) => port === 80), { from_port: 80, cidr_ipv4: '0.0.0.0/0' }, 'the load balancer is reached by HTTP')
  t.equal(inbound.length, 2, 'and nothing else is reached')
  const outbound = planned('defaults', 'aws_vpc_security_group_egress_rule')
  t.match(outbound.find(({ to_port: port }) => port === 443), { from_port: 443, ip_protocol: 'tcp' }, 'tasks reach HTTPS')
  t.match(outbound.find(({ to_port: port }) => port === 8080), { from_port: 8080, cidr_ipv4: null, referenced_security_group_id: String }, 'the load balancer reaches the tasks')
  t.equal(outbound.length, 2, 'and nothing else')
  t.match(one('defaults', 'aws_vpc_endpoint'), { vpc_endpoint_type: 'Gateway', service_name: 'com.amazonaws.us-east-1.s3' }, 'layers come from S3 past the NAT gateway')
}

function checkSettings(t: Test, one: One, planned: InfrastructureTest['planned']): void {
  const service = one('production', 'aws_ecs_service')
  t.match(service, { desired_count: 3, enable_execute_command: true, wait_for_steady_state: true })
  t.same(weights(service), { FARGATE: [1, 1], FARGATE_SPOT: [0, 3] })
  t.match(one('production', 'aws_ecs_task_definition'), { cpu: '1024', memory: '4096', runtime_platform: [{ cpu_architecture: 'ARM64' }] })
  t.match(one('production', 'aws_ecs_cluster'), { setting: [{ value: 'enhanced' }] })
  t.match(one('production', 'aws_lb'), { enable_deletion_protection: true })
  t.match(one('production', 'aws_lb_target_group'), { name: 'webapp-prod-3000', port: 3000 })
  t.match(one('production', 'aws_appautoscaling_target'), { min_capacity: 3, max_capacity: 12 })
  t.equal(planned('production', 'aws_nat_gateway').length, 3, 'a NAT gateway a zone')
  t.equal(planned('production', 'aws_subnet').length, 6)
  t.equal(planned('production', 'aws_flow_log').length, 0)
  t.ok(planned('production', 'aws_cloudwatch_log_group').every(({ retention_in_days: days }) => days === 365))
  t.same(planned('production', 'aws_vpc_security_group_ingress_rule').map(({ to_port: port }) => port).sort(), [3000, 443, 80])
}

function checkOtherApps(t: Test, one: One): void {
  const container = onlyContainer(t, one('an_app_of_ones_own', 'aws_ecs_task_definition'))
  t.match(container, { readonlyRootFilesystem: false, portMappings: [{ containerPort: 80 }] })
  t.equal(container.user, undefined, "the image's own user")
  t.equal(container.healthCheck, undefined, "the load balancer's check alone")
  t.match(environment(container), { IMAGE_COMMIT: `${'0123456789abcdef'.repeat(3).slice(0, 40)}-dirty`, PORT: '80' })
  t.match(container.logConfiguration.options, { mode: 'blocking', 'max-buffer-size': undefined }, 'no log line is lost')
  t.match(one('an_app_of_ones_own', 'aws_lb_target_group'), { port: 80, health_check: [{ path: '/up?full=1' }] })
  t.match(onlyContainer(t, one('a_health_check_of_ones_own', 'aws_ecs_task_definition')), {
    healthCheck: { command: ['CMD-SHELL', 'wget -q -O - http://localhost:8080/up'], interval: 5 },
  })
}

/** Resources that only a switch brings. */
const switched = [
  'aws_acm_certificate',
  'aws_appautoscaling_scheduled_action',
  'aws_cloudwatch_dashboard',
  'aws_cloudwatch_event_rule',
  'aws_cloudwatch_log_metric_filter',
  'aws_cloudwatch_metric_alarm',
  'aws_efs_file_system',
  'aws_route53_health_check',
  'aws_route53_record',
  'aws_s3_bucket',
  'aws_sns_topic',
  'aws_wafv2_web_acl',
]

function checkSwitches(t: Test, one: One, planned: InfrastructureTest['planned']): void {
  t.same(switched.filter((type) => planned('defaults', type).length > 0), [], 'every switch is off by default')
  t.same(switched.filter((type) => planned('everything', type).length === 0), [], 'all of them together')
  t.same(one('defaults', 'aws_ecs_service').alarms ?? [], [])
  t.match(one('everything', 'aws_ecs_service').alarms, [
    { alarm_names: ['webapp-dev-latency', 'webapp-dev-log-errors', 'webapp-dev-target-5xx'], enable: true, rollback: true },
  ])
  t.match(one('everything', 'aws_lb').access_logs, [{ bucket: 'webapp-dev-logs-mock', prefix: 'alb', enabled: true }])
  t.match(one('everything', 'aws_flow_log'), { log_destination_type: 's3', log_destination: 'arn:aws:s3:::webapp-dev-logs-mock/vpc/' })
  const task = one('everything', 'aws_ecs_task_definition')
  const volumes = ['efs', 'managed-agents', 'tmp', 'var-lib-amazon-ssm', 'var-log-amazon-ssm']
  t.same(task.volume.map(({ name }: Planned) => name).sort(), volumes, 'volumes')
  t.same(JSON.parse(task.container_definitions).map(({ name }: Planned) => name), ['agent', 'app'])
}

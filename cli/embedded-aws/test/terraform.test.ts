// The real provider against the gateway: the whole infrastructure/ twice, and services that are waited for. A load
// balancer takes the provider a minute each time, whatever the server does. With FARGATE_CTL_MODULES (a folder of git
// checkouts) infrastructure/ is applied with the real modules.
import { cpSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { execa } from 'execa'
import t, { type Test } from 'tap'
import { environmentFor } from '../src/environment.ts'
import { startEmbeddedAws, type EmbeddedAws } from './support/embedded-aws.ts'
import { pushTestImage } from './support/engine.ts'
import { cluster, connect, networkConfiguration } from './support/ecs.ts'
import { skipFileWithout } from './support/needs.ts'

skipFileWithout('time', 'engine', 'ministack')

const infrastructure = fileURLToPath(new URL('../../../infrastructure', import.meta.url))
const region = 'us-east-1'

/** What no API tells, so that an import on AWS leaves it out, too; the task definition's ARN is read in its short form. */
const unreadable = ['force_new_deployment', 'resource', 'task_definition', 'timeouts', 'triggers', 'wait_for_steady_state']

t.jobs = 2

/** terraform in a folder, pointed at an embedded AWS and at nothing else. */
function terraformIn(t: Test, aws: EmbeddedAws, files: (folder: string) => void) {
  const scratch = t.testdir({ infrastructure: {} })
  const folder = join(scratch, 'infrastructure')
  files(folder)
  const { set } = environmentFor({ url: aws.url, key: aws.key, region, stateDir: aws.stateDir }, {})
  const plain = Object.fromEntries(
    ['init', 'plan', 'apply', 'import', 'destroy'].map((verb) => [`TF_CLI_ARGS_${verb}`, '-no-color']),
  )
  const env = {
    ...set,
    ...plain,
    TF_DATA_DIR: join(scratch, 'terraform'),
    // Says where the modules and the provider are, on a machine without the registry.
    TF_CLI_CONFIG_FILE: process.env.EMBEDDED_AWS_TEST_TERRAFORM,
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
    TF_WORKSPACE: undefined,
    AWS_PROFILE: undefined,
  }
  /** @returns what it printed, in one text. @throws Error with all of it when the exit code is another */
  return async (args: string[], exitCode = 0): Promise<string> => {
    const ended = await execa('terraform', args, { cwd: folder, env, reject: false })
    const said = ended.stdout + ended.stderr
    if (ended.exitCode !== exitCode) throw new Error(`terraform ${args.join(' ')} ended with ${ended.exitCode}:\n${said}`)
    return said
  }
}

t.test('infrastructure/: create, plan empty, update, import, destroy, twice', { buffered: true, timeout: 1_100_000 }, async (t) => {
  const aws = await startEmbeddedAws({ speed: 10 })
  t.teardown(aws.stop)
  const ecr = new ECRClient(aws.client)
  await ecr.send(new CreateRepositoryCommand({ repositoryName: 'webapp', imageTagMutability: 'IMMUTABLE' }))
  for (const tag of ['one', 'two']) t.teardown(await pushTestImage(`127.0.0.1:${aws.port}/webapp:${tag}`, aws.client))
  const s3 = new S3Client({ ...aws.client, forcePathStyle: true })
  await s3.send(new CreateBucketCommand({ Bucket: 'webapp-terraform-state' }))
  const terraform = terraformIn(t, aws, (folder) =>
    cpSync(infrastructure, folder, { recursive: true, filter: (path) => basename(path) !== '.terraform' }),
  )
  await terraform(['init', '-lockfile=readonly', '-backend-config=s3.tfbackend'])
  const first = ['-var=image_tag=one']
  const second = ['-var=image_tag=two', '-var=health_check_grace_period_seconds=45']
  const certificate = [`-var=certificate_arn=arn:aws:acm:${region}:000000000000:certificate/any`, '-var=domain_name=app.example.com']
  const third = [...second, ...certificate, '-var=single_nat_gateway=false']
  const planEmpty = async (variables: string[], what: string) =>
    t.match(
      await terraform(['plan', '-detailed-exitcode', ...variables]),
      /No changes\. Your infrastructure matches the configuration\./,
      what,
    )

  for (const round of ['first', 'second']) {
    t.match(
      await terraform(['apply', '-auto-approve', ...first]),
      /Apply complete! Resources: \d\d+ added, 0 changed, 0 destroyed\./,
      `${round} time`,
    )
    await planEmpty(first, 'a plan after it is empty')
    t.match(
      await terraform(['apply', '-auto-approve', ...second]),
      /Apply complete! Resources: 1 added, 1 changed, [01] destroyed\./,
      'a new image',
    )
    const [address = ''] = (await terraform(['state', 'list']))
      .split('\n')
      .filter((line) => !line.startsWith('data.') && /aws_ecs_service\.\w+(\[.*\])?$/.test(line))
    t.match(address, /aws_ecs_service/)
    await terraform(['state', 'rm', address])
    await terraform(['import', ...second, address, 'webapp-dev/webapp-dev'])
    const imported = await terraform(['plan', '-detailed-exitcode', ...second], 2)
    t.match(imported, /Plan: 0 to add, 1 to change, 0 to destroy\./)
    const managed = imported.replaceAll(/^ +<= data [\s\S]*?^ {4}\}/gm, '')
    const changed = [...managed.matchAll(/^ {6}[~+-] (\w+) /gm)].map(([, name]) => name)
    t.same(
      changed.filter((name) => !unreadable.includes(name as string)),
      [],
      'what ECS answers is all as configured',
    )
    await terraform(['apply', '-auto-approve', ...second])
    await planEmpty(second, 'a plan after one more apply is empty')
    const secured = await terraform(['apply', '-auto-approve', ...third])
    t.match(secured, /Apply complete!/, 'HTTPS, and a NAT gateway in each zone')
    t.match(secured, /aws_lb_listener\.this\["http"\]: Modifying/, 'the listener on port 80 stays and redirects')
    await planEmpty(third, 'a plan after that is empty, too')
    t.match(await terraform(['apply', '-auto-approve', ...second]), /Apply complete!/, 'and back to HTTP')
    await planEmpty(second, 'a plan after that is empty, too')
    t.match(await terraform(['destroy', '-auto-approve', ...second]), /Destroy complete! Resources: \d\d+ destroyed\./)
  }
})

/** Every switch of infrastructure/, but for what keeps it from being destroyed. */
const everything = `
image_tag              = "one"
alarms                 = true
alarm_email            = "oncall@example.com"
dashboard              = true
domain_name            = "app.example.com"
hosted_zone_name       = "example.com"
url_health_check       = true
access_logs            = true
flow_logs_destination  = "s3"
waf                    = true
zone_count             = 3
single_nat_gateway     = false
interface_endpoints    = true
enable_execute_command = true
writable_tmp           = true
efs_path               = "/data"
container_insights     = "enhanced"
secrets                = { API_KEY = "arn:aws:ssm:${region}:000000000000:parameter/webapp/api-key" }
scheduled_scaling      = { morning = { schedule = "cron(0 7 ? * MON-FRI *)", min_count = 4, max_count = 12 } }
sidecars               = { agent = { image = "example.com/agent@sha256:${'0'.repeat(64)}" } }
`

t.test('infrastructure/ with every switch on: create, plan empty, destroy', { buffered: true, timeout: 1_100_000 }, async (t) => {
  const aws = await startEmbeddedAws({ tasksAre: 'processes' })
  t.teardown(aws.stop)
  await new ECRClient(aws.client).send(new CreateRepositoryCommand({ repositoryName: 'webapp', imageTagMutability: 'IMMUTABLE' }))
  await new S3Client({ ...aws.client, forcePathStyle: true }).send(new CreateBucketCommand({ Bucket: 'webapp-terraform-state' }))
  const terraform = terraformIn(t, aws, (folder) => {
    cpSync(infrastructure, folder, { recursive: true, filter: (path) => basename(path) !== '.terraform' })
    writeFileSync(join(folder, 'everything.auto.tfvars'), everything)
    writeFileSync(join(folder, 'zone.tf'), 'resource "aws_route53_zone" "test" {\n  name = "example.com"\n}\n')
  })
  await terraform(['init', '-lockfile=readonly', '-backend-config=s3.tfbackend'])
  await terraform(['apply', '-auto-approve', '-target=aws_route53_zone.test'])
  t.match(await terraform(['apply', '-auto-approve']), /Apply complete! Resources: \d\d+ added, 0 changed, 0 destroyed\./)
  t.match(await terraform(['plan', '-detailed-exitcode']), /No changes\. Your infrastructure matches the configuration\./)
  t.match(await terraform(['destroy', '-auto-approve']), /Destroy complete! Resources: \d\d+ destroyed\./)
})

const service = (more: string) => `
provider "aws" {
  region = "${region}"
}

variable "task_definition" {
  type = string
}

resource "aws_ecs_service" "this" {
  name                  = "waited"
  cluster               = "${cluster}"
  task_definition       = var.task_definition
  desired_count         = 1
  launch_type           = "FARGATE"
  wait_for_steady_state = true

  network_configuration {
    subnets = ${JSON.stringify(networkConfiguration.awsvpcConfiguration.subnets)}
  }

  ${more}
}
`

// https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs/resources/ecs_service#wait_for_steady_state
t.test('wait_for_steady_state: waits, and times out', { buffered: true, timeout: 550_000 }, async (t) => {
  const aws = await startEmbeddedAws({ speed: 10 })
  t.teardown(aws.stop)
  const ecs = await connect(t, aws, true)
  const terraform = terraformIn(t, aws, (folder) => {
    cpSync(join(infrastructure, '.terraform.lock.hcl'), join(folder, '.terraform.lock.hcl'))
    cpSync(join(infrastructure, 'versions.tf'), join(folder, 'versions.tf'))
    writeFileSync(join(folder, 'main.tf'), service('timeouts {\n    create = "60s"\n    update = "30s"\n  }'))
  })
  await terraform(['init', '-lockfile=readonly'])
  const stay = 'process.on("SIGTERM", () => process.exit(0)); setInterval(() => {}, 1000)'
  const good = await ecs.register('waited', [{ name: 'app', command: ['-e', stay] }])
  const bad = await ecs.register('waited', [{ name: 'app', entryPoint: ['/missing'] }])
  await terraform(['apply', '-auto-approve', `-var=task_definition=${good}`])
  const found = await ecs.describeService('waited')
  t.match(found, { runningCount: 1, deployments: [{ status: 'PRIMARY' }] }, 'the apply has waited')
  await terraform(['plan', '-detailed-exitcode', `-var=task_definition=${good}`])
  const said = await terraform(['apply', '-auto-approve', `-var=task_definition=${bad}`], 1)
  t.match(said, /timeout while waiting for state to become 'tfSTABLE'/)
  t.match(await ecs.describeService('waited'), {
    runningCount: 1,
    deployments: [{ taskDefinition: bad, rolloutState: 'IN_PROGRESS' }, { taskDefinition: good }],
  })
  await terraform(['apply', '-auto-approve', `-var=task_definition=${good}`])
  await terraform(['destroy', '-auto-approve', `-var=task_definition=${good}`])
  t.equal((await ecs.describeService('waited')).status, 'INACTIVE')
})

const others = `
provider "aws" {
  region = "${region}"

  default_tags {
    tags = { Project = "others" }
  }
}

data "aws_ssm_parameter" "log_router" {
  name = "/aws/service/aws-for-fluent-bit/stable"
}

resource "aws_vpc" "this" {
  cidr_block = "10.1.0.0/16"
}

resource "aws_service_discovery_http_namespace" "this" {
  name = "others"
}

resource "aws_service_discovery_private_dns_namespace" "this" {
  name        = "others.local"
  description = "Service discovery"
  vpc         = aws_vpc.this.id
}

data "aws_service_discovery_dns_namespace" "this" {
  name = aws_service_discovery_private_dns_namespace.this.name
  type = "DNS_PRIVATE"
}

variable "ttl" {
  type = number
}

resource "aws_service_discovery_service" "this" {
  name = "api"

  dns_config {
    namespace_id = data.aws_service_discovery_dns_namespace.this.id

    dns_records {
      ttl  = var.ttl
      type = "A"
    }
  }

  health_check_custom_config {
    failure_threshold = 1
  }
}

resource "aws_cloudwatch_metric_alarm" "cpu" {
  alarm_name                = "cpu"
  alarm_description         = "Busy"
  comparison_operator       = "GreaterThanOrEqualToThreshold"
  evaluation_periods        = 2
  datapoints_to_alarm       = 1
  metric_name               = "CPUUtilization"
  namespace                 = "AWS/ECS"
  period                    = 60
  statistic                 = "Average"
  threshold                 = 85.5
  treat_missing_data        = "notBreaching"
  dimensions                = { ClusterName = "web", ServiceName = "web" }
  alarm_actions             = ["arn:aws:sns:${region}:000000000000:operators"]
  insufficient_data_actions = ["arn:aws:sns:${region}:000000000000:operators"]
}

resource "aws_cloudwatch_metric_alarm" "tail" {
  alarm_name                            = "tail"
  comparison_operator                   = "GreaterThanThreshold"
  evaluation_periods                    = 1
  metric_name                           = "TargetResponseTime"
  namespace                             = "AWS/ApplicationELB"
  period                                = 300
  extended_statistic                    = "p99.9"
  evaluate_low_sample_count_percentiles = "ignore"
  threshold                             = 1
  actions_enabled                       = false
}

resource "aws_cloudwatch_metric_alarm" "rate" {
  alarm_name          = "rate"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  threshold           = 0.1

  metric_query {
    id          = "rate"
    expression  = "errors / requests"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { errors = "HTTPCode_Target_5XX_Count", requests = "RequestCount" }

    content {
      id = metric_query.key

      metric {
        metric_name = metric_query.value
        namespace   = "AWS/ApplicationELB"
        period      = 60
        stat        = "Sum"
        dimensions  = { LoadBalancer = "app/web/1" }
      }
    }
  }
}

output "log_router" {
  value     = data.aws_ssm_parameter.log_router.value
  sensitive = true
}
`

t.test('alarms, service discovery and public parameters: create, plan empty, update, destroy', { buffered: true, timeout: 550_000 }, async (t) => {
  const aws = await startEmbeddedAws({ tasksAre: 'processes' })
  t.teardown(aws.stop)
  const terraform = await terraformIn(t, aws, (folder) => {
    cpSync(join(infrastructure, '.terraform.lock.hcl'), join(folder, '.terraform.lock.hcl'))
    cpSync(join(infrastructure, 'versions.tf'), join(folder, 'versions.tf'))
    writeFileSync(join(folder, 'main.tf'), others)
  })
  await terraform(['init', '-lockfile=readonly'])
  for (const ttl of [10, 60]) {
    await terraform(['apply', '-auto-approve', `-var=ttl=${ttl}`])
    t.match(await terraform(['plan', '-detailed-exitcode', `-var=ttl=${ttl}`]), /No changes\./, `a plan after it is empty: ${ttl}`)
  }
  t.match(await terraform(['destroy', '-auto-approve', '-var=ttl=60']), /Destroy complete! Resources: 7 destroyed\./)
})

# Every validation refuses what it is there to refuse. A run gives many variables one bad value each; Terraform does not
# check a variable against another that is bad itself, so those have runs of their own.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "refuses_malformed_values" {
  command = plan

  variables {
    region                            = "eu-central"
    name                              = "Web_App"
    env                               = "Production"
    tags                              = { "aws:owner" = "me" }
    allowed_account_ids               = ["1234"]
    assume_role_arn                   = "deploy"
    image_tag                         = "not a tag"
    image_digest                      = "abc123"
    image_commit                      = "main"
    repository_name                   = "Web App"
    cpu_architecture                  = "amd64"
    cpu                               = 300
    container_port                    = 0
    health_check_path                 = "healthz"
    container_health_check            = ["curl", "-f", "http://localhost/"]
    health_check_grace_period_seconds = -1
    min_count                         = 0
    cpu_target_percent                = 100
    requests_per_target               = 0
    fargate_base                      = -1
    fargate_weight                    = 0.5
    vpc_cidr                          = "10.0.0.0"
    zone_count                        = 1
    certificate_arn                   = "example.com"
    log_retention_days                = 31
    log_mode                          = "lossless"
    container_insights                = "on"
    alarm_email                       = "oncall"
    alarm_topic_arn                   = "oncall"
    runbook_url                       = "runbook"
    alarm_cpu_percent                 = 0
    alarm_memory_percent              = 101
    alarm_latency_seconds             = 0
    alarm_5xx_percent                 = 100
    alarm_5xx_min_requests            = 0
    alarm_load_balancer_5xx           = -1
    alarm_restarts                    = 0
    alarm_log_errors                  = -1
    alarm_log_pattern                 = ""
    alarm_certificate_days            = 0
    waf_rate_limit                    = 9
    flow_logs_destination             = "kinesis"
    efs_path                          = "data"
    secrets                           = { "API-KEY" = "arn:aws:ssm:us-east-1:123456789012:parameter/key" }
    secret_kms_key_arns               = ["alias/key"]
    scheduled_scaling                 = { night = { schedule = "every night", min_count = 1, max_count = 2 } }
    url_health_check                  = true
    url_health_check_text             = ""
    url_health_check_regions          = ["us-east-1", "eu-west-1"]
  }

  expect_failures = [
    var.region,
    var.name,
    var.env,
    var.tags,
    var.allowed_account_ids,
    var.assume_role_arn,
    var.image_tag,
    var.image_digest,
    var.image_commit,
    var.repository_name,
    var.cpu_architecture,
    var.cpu,
    var.container_port,
    var.health_check_path,
    var.container_health_check,
    var.health_check_grace_period_seconds,
    var.min_count,
    var.cpu_target_percent,
    var.requests_per_target,
    var.fargate_base,
    var.fargate_weight,
    var.vpc_cidr,
    var.zone_count,
    var.certificate_arn,
    var.log_retention_days,
    var.log_mode,
    var.container_insights,
    var.alarm_email,
    var.alarm_topic_arn,
    var.runbook_url,
    var.alarm_cpu_percent,
    var.alarm_memory_percent,
    var.alarm_latency_seconds,
    var.alarm_5xx_percent,
    var.alarm_5xx_min_requests,
    var.alarm_load_balancer_5xx,
    var.alarm_restarts,
    var.alarm_log_errors,
    var.alarm_log_pattern,
    var.alarm_certificate_days,
    var.waf_rate_limit,
    var.flow_logs_destination,
    var.efs_path,
    var.secrets,
    var.secret_kms_key_arns,
    var.scheduled_scaling,
    var.url_health_check,
    var.url_health_check_text,
    var.url_health_check_regions,
  ]
}

run "refuses_values_out_of_range" {
  command = plan

  variables {
    cpu                               = 512
    min_count                         = 1.5
    name                              = "internal-app"
    env                               = "development"
    tags                              = { Project = "other" }
    image_tag                         = "Latest"
    image_digest                      = "sha256:0123"
    image_commit                      = "0123abc-changed"
    repository_name                   = "123456789012.dkr.ecr.us-east-1.amazonaws.com/webapp:1"
    memory                            = 512
    container_port                    = 65536
    health_check_path                 = "/a path"
    container_health_check            = ["CMD"]
    health_check_grace_period_seconds = 3601
    cpu_target_percent                = 9
    fargate_base                      = 0.5
    fargate_weight                    = 1001
    vpc_cidr                          = "10.0.0.0/24"
    zone_count                        = 4
    domain_name                       = "*.example.com"
    alarm_email                       = "oncall@example.com"
    alarm_topic_arn                   = "arn:aws:sns:us-east-1:123456789012:oncall"
    secrets                           = { API_KEY = "arn:aws:secretsmanager:us-east-1:123456789012:secret:key-AbCdEf:field" }
    scheduled_scaling                 = { night = { schedule = "rate(1 day)", min_count = 3, max_count = 2 } }
    url_health_check_regions          = ["us-east-1", "eu-west-1", "eu-central-1"]
  }

  expect_failures = [
    var.name,
    var.env,
    var.tags,
    var.image_tag,
    var.image_digest,
    var.image_commit,
    var.repository_name,
    var.memory,
    var.container_port,
    var.health_check_path,
    var.container_health_check,
    var.health_check_grace_period_seconds,
    var.min_count,
    var.cpu_target_percent,
    var.fargate_base,
    var.fargate_weight,
    var.vpc_cidr,
    var.zone_count,
    var.domain_name,
    var.alarm_email,
    var.alarm_topic_arn,
    var.secrets,
    var.scheduled_scaling,
    var.url_health_check_regions,
  ]
}

run "refuses_values_that_do_not_fit_each_other" {
  command = plan

  variables {
    cpu                 = 8192
    certificate_arn     = "arn:aws:acm:us-east-1:123456789012:certificate/0123abcd-0123-0123-0123-0123456789ab"
    container_port      = 1023
    min_count           = 3
    fargate_weight      = 0
    name                = "seventeen-letters"
    env                 = "a-b"
    image_tag           = "-v1"
    memory              = 17408
    max_count           = 2
    fargate_spot_weight = 0
    vpc_cidr            = "10.0.0.1/16"
  }

  expect_failures = [
    var.certificate_arn,
    var.container_port,
    var.name,
    var.env,
    var.image_tag,
    var.memory,
    var.max_count,
    var.fargate_spot_weight,
    var.vpc_cidr,
  ]
}

run "refuses_more_tasks_than_ecs_runs" {
  command = plan

  variables {
    image_tag           = join("", [for index in range(129) : "a"])
    container_port      = 8080.5
    max_count           = 5001
    fargate_spot_weight = 1001
    vpc_cidr            = "10.0.0.0/15"
  }

  expect_failures = [
    var.image_tag,
    var.container_port,
    var.max_count,
    var.fargate_spot_weight,
    var.vpc_cidr,
  ]
}

run "refuses_half_a_task_at_most" {
  command = plan

  variables {
    image_tag           = "v1"
    metrics_port        = 8080
    domain_name         = "app.example.com"
    max_count           = 2.5
    fargate_spot_weight = 0.5
    sidecars            = { agent = { image = "example.com/agent:1" } }
  }

  expect_failures = [
    var.certificate_arn,
    var.max_count,
    var.fargate_spot_weight,
    var.metrics_port,
    var.sidecars,
  ]
}

run "refuses_fewer_tasks_than_the_minimum" {
  command = plan

  variables {
    image_tag        = "v1"
    min_count        = 2
    desired_count    = 1
    sidecars         = { app = { image = "example.com/agent@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" } }
    hosted_zone_name = "example.com"
  }

  expect_failures = [
    var.desired_count,
    var.sidecars,
    var.hosted_zone_name,
  ]
}

run "refuses_more_tasks_than_the_maximum" {
  command = plan

  variables {
    image_tag     = "v1"
    max_count     = 6
    desired_count = 7
  }

  expect_failures = [
    var.desired_count,
  ]
}

run "refuses_half_a_task" {
  command = plan

  variables {
    image_tag      = "v1"
    container_user = "www data"
    domain_name    = "https://example.com"
    desired_count  = 2.5
    sidecars       = { agent = { image = "example.com/agent@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", memory = 512 } }
  }

  expect_failures = [
    var.container_user,
    var.domain_name,
    var.desired_count,
    var.sidecars,
  ]
}

run "accepts_the_longest_and_largest" {
  command = plan

  variables {
    name               = "sixteen-letter-s"
    env                = "platform"
    image_tag          = "LATEST-1.0_0"
    cpu                = 16384
    memory             = 122880
    container_port     = 65535
    vpc_cidr           = "192.168.0.0/23"
    zone_count         = 3
    log_retention_days = 3653
    certificate_arn    = "arn:aws:acm:us-east-1:123456789012:certificate/0123abcd-0123-0123-0123-0123456789ab"
    domain_name        = "a.b-c.xn--p1ai"
    image_commit       = "0123abc"
    container_user     = "www-data:www-data"
    health_check_path  = "/"
  }
}

run "lets_root_have_a_low_port" {
  command = plan

  variables {
    image_tag      = "v1"
    container_port = 80
    container_user = "0:0"
  }
}

# Each switch alone.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  region    = "us-east-1"
  env       = "dev"
  image_tag = "abc123"
}

run "hosted_zone" {
  command = plan

  variables {
    domain_name      = "app.example.com"
    hosted_zone_name = "example.com"
  }

  assert {
    condition     = output.alb_url == "https://app.example.com"
    error_message = "alb_url is ${output.alb_url}."
  }

  assert {
    condition = alltrue([
      aws_acm_certificate.this[0].domain_name == "app.example.com",
      aws_acm_certificate.this[0].validation_method == "DNS",
      aws_route53_record.validation[0].name == "_0123.app.example.com.",
      aws_route53_record.validation[0].records == toset(["_4567.acm-validations.aws."]),
      aws_acm_certificate_validation.this[0].certificate_arn == aws_acm_certificate.this[0].arn,
      module.alb.listeners["https"].certificate_arn == aws_acm_certificate.this[0].arn,
    ])
    error_message = "The certificate is not made, proved by DNS and served."
  }

  assert {
    condition = alltrue([for type in ["A", "AAAA"] : alltrue([
      aws_route53_record.alias[type].name == "app.example.com",
      aws_route53_record.alias[type].type == type,
      aws_route53_record.alias[type].alias[0].name == module.alb.dns_name,
    ])])
    error_message = "The domain name does not lead to the load balancer."
  }
}

run "hosted_zone_and_a_certificate_that_is_there" {
  command = plan

  variables {
    region                   = "eu-central-1"
    domain_name              = "example.com"
    hosted_zone_name         = "example.com"
    certificate_arn          = "arn:aws:acm:eu-central-1:123456789012:certificate/0123abcd-0123-0123-0123-0123456789ab"
    alarms                   = true
    url_health_check         = true
    url_health_check_text    = null
    url_health_check_regions = ["us-east-1", "eu-west-1", "ap-southeast-1"]
  }

  assert {
    condition     = length(aws_acm_certificate.this) == 0 && length(aws_route53_record.alias) == 2
    error_message = "Records are made, and no certificate."
  }

  assert {
    condition     = aws_route53_health_check.this[0].type == "HTTPS"
    error_message = "Without a text a status is enough."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.url) == 0
    error_message = "An alarm would wait for metrics that are in us-east-1 alone."
  }
}

run "access_logs" {
  command = plan

  variables {
    access_logs = true
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.logs[0].restrict_public_buckets,
      aws_s3_bucket_public_access_block.logs[0].block_public_policy,
      aws_s3_bucket_lifecycle_configuration.logs[0].rule[0].expiration[0].days == 30,
      aws_s3_bucket.logs[0].force_destroy == true,
    ])
    error_message = "The bucket of the logs is not private, or keeps them for ever."
  }
}

run "flow_logs_in_s3" {
  command = plan

  variables {
    flow_logs_destination = "s3"
  }

  assert {
    condition     = length(aws_s3_bucket.logs) == 1
    error_message = "There is no bucket for flow logs."
  }

  assert {
    condition     = local.log_bucket_arn == "arn:aws:s3:::webapp-dev-logs-mock"
    error_message = "Flow logs go to ${local.log_bucket_arn}."
  }
}

run "interface_endpoints" {
  command = plan

  variables {
    interface_endpoints = true
  }

  assert {
    condition     = join(" ", keys(aws_vpc_endpoint.interface)) == "ecr.api ecr.dkr logs"
    error_message = "The endpoints are ${join(" ", keys(aws_vpc_endpoint.interface))}."
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.private_dns_enabled])
    error_message = "Nothing would use the endpoints."
  }
}

run "waf" {
  command = plan

  variables {
    waf            = true
    waf_rate_limit = 500
  }

  assert {
    condition     = aws_wafv2_web_acl_association.this[0].resource_arn == module.alb.arn
    error_message = "The firewall is not in front of the load balancer."
  }

  assert {
    condition     = length(aws_wafv2_web_acl.this[0].rule) == 4
    error_message = "The firewall has ${length(aws_wafv2_web_acl.this[0].rule)} rules."
  }
}

run "scheduled_scaling" {
  command = plan

  variables {
    scheduled_scaling = {
      morning = { schedule = "cron(0 7 ? * MON-FRI *)", min_count = 4, max_count = 12, timezone = "Europe/Sofia" }
      night   = { schedule = "cron(0 20 * * ? *)", min_count = 1, max_count = 6 }
    }
  }

  assert {
    condition = alltrue([
      aws_appautoscaling_scheduled_action.this["morning"].timezone == "Europe/Sofia",
      aws_appautoscaling_scheduled_action.this["morning"].scalable_target_action[0].min_capacity == "4",
      aws_appautoscaling_scheduled_action.this["night"].timezone == "UTC",
    ])
    error_message = "Autoscaling does not keep the schedule."
  }
}

run "secrets" {
  command = plan

  variables {
    secrets = {
      API_KEY     = "arn:aws:ssm:us-east-1:123456789012:parameter/webapp/api-key"
      DB_PASSWORD = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf:password::"
      DB_USER     = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf:user::"
    }
    secret_kms_key_arns = ["arn:aws:kms:us-east-1:123456789012:key/0123abcd-0123-0123-0123-0123456789ab"]
    interface_endpoints = true
  }

  assert {
    condition     = local.parameter_arns == tolist(["arn:aws:ssm:us-east-1:123456789012:parameter/webapp/api-key"])
    error_message = "ECS may read ${join(", ", local.parameter_arns)}."
  }

  assert {
    condition     = local.secret_arns == tolist(["arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf"])
    error_message = "ECS may read ${join(", ", local.secret_arns)}."
  }

  assert {
    condition     = join(" ", keys(aws_vpc_endpoint.interface)) == "ecr.api ecr.dkr logs secretsmanager ssm"
    error_message = "The endpoints are ${join(" ", keys(aws_vpc_endpoint.interface))}."
  }

  assert {
    condition = module.ecs.services["app"].container_definitions["app"].container_definition.secrets == [
      for name, arn in var.secrets : { name = name, valueFrom = arn }
    ]
    error_message = "The app does not get its secrets."
  }
}

run "writable_tmp" {
  command = plan

  variables {
    writable_tmp           = true
    enable_execute_command = true
  }

  assert {
    condition     = module.ecs.services["app"].container_definitions["app"].container_definition.readonlyRootFilesystem == true
    error_message = "ECS Exec has made the root writable."
  }

  assert {
    condition = join(" ", sort([
      for mount in module.ecs.services["app"].container_definitions["app"].container_definition.mountPoints : mount.containerPath
    ])) == "/managed-agents /tmp /var/lib/amazon/ssm /var/log/amazon/ssm"
    error_message = "The writable paths are others."
  }
}

run "efs" {
  command = plan

  variables {
    efs_path = "/data"
  }

  assert {
    condition     = aws_efs_file_system.this[0].encrypted && length(aws_efs_mount_target.this) == 2
    error_message = "The file system is not there in every zone, or not encrypted."
  }

  assert {
    condition = [
      for mount in module.ecs.services["app"].container_definitions["app"].container_definition.mountPoints : mount.containerPath
    ] == ["/data"]
    error_message = "The app does not find the file system."
  }

  assert {
    condition     = keys(local.efs_statements) == ["efs"]
    error_message = "The tasks may not mount it."
  }
}

run "sidecars" {
  command = plan

  variables {
    metrics_port = 9464
    sidecars = {
      agent = {
        image            = "example.com/agent@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
        environment      = { LEVEL = "info" }
        memory           = 128
        start_before_app = true
      }
    }
  }

  assert {
    condition     = output.container_name == "app" && output.log_group_name == "/ecs/webapp-dev/app"
    error_message = "The outputs name another container than the app's."
  }

  assert {
    condition = alltrue([
      for agent in [module.ecs.services["app"].container_definitions["agent"].container_definition] : alltrue([
        agent.essential == false,
        agent.memory == 128,
        agent.readonlyRootFilesystem == true,
        agent.logConfiguration.options["awslogs-group"] == "/ecs/webapp-dev/agent",
      ])
    ])
    error_message = "The sidecar could take the app down, or its log is not its own."
  }

  assert {
    condition = (
      one(module.ecs.services["app"].container_definitions["app"].container_definition.dependsOn) ==
      { containerName = "agent", condition = "START" }
    )
    error_message = "The sidecar does not start before the app and end after it."
  }

  assert {
    condition = alltrue([
      for app in [module.ecs.services["app"].container_definitions["app"].container_definition] : alltrue([
        one([for variable in app.environment : variable.value if variable.name == "METRICS_PORT"]) == "9464",
        join(" ", app.portMappings[*].containerPort) == "8080",
      ])
    ])
    error_message = "The app gives no metrics to the sidecar, or the load balancer could reach them."
  }
}

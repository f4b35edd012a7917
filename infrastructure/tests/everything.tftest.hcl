# Every switch on. What the modules do not put out is asserted by cli/test/infrastructure.test.ts.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  region    = "us-east-1"
  env       = "dev"
  image_tag = "abc123"
}

run "everything" {
  command = plan

  variables {
    alarms                 = true
    alarm_email            = "oncall@example.com"
    dashboard              = true
    domain_name            = "app.example.com"
    hosted_zone_name       = "example.com"
    url_health_check       = true
    deletion_protection    = true
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
    secrets                = { API_KEY = "arn:aws:ssm:us-east-1:123456789012:parameter/webapp/api-key" }
    scheduled_scaling      = { morning = { schedule = "cron(0 7 ? * MON-FRI *)", min_count = 4, max_count = 12 } }
    sidecars = {
      agent = { image = "example.com/agent@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" }
    }
  }

  assert {
    condition = alltrue([
      aws_route53_health_check.this[0].fqdn == "app.example.com",
      aws_route53_health_check.this[0].type == "HTTPS_STR_MATCH",
      aws_route53_health_check.this[0].search_string == "ready",
      aws_route53_health_check.this[0].resource_path == "/healthz",
      aws_route53_health_check.this[0].measure_latency == true,
      aws_cloudwatch_metric_alarm.url[0].dimensions["HealthCheckId"] == aws_route53_health_check.this[0].id,
    ])
    error_message = "The URL is not watched."
  }

  assert {
    condition = join(", ", [
      for widget in jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets : widget.properties.title
      ]) == join(", ", [
      "Is it us?", "What changed: deployments, warnings and stopped tasks", "Requests and 5xx a minute; deployments",
      "Latency in seconds", "Tasks", "CPU and memory in percent", "Connections", "The URL from outside",
      "What the app says: its last errors",
    ])
    error_message = "The dashboard does not show all that there is."
  }

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets[0].properties.alarms) == 12
    error_message = "Not every alarm is on the dashboard."
  }

  assert {
    condition     = aws_s3_bucket.logs[0].force_destroy == false
    error_message = "What is protected from deletion loses its logs."
  }

  assert {
    condition     = join(" ", keys(aws_vpc_endpoint.interface)) == "ecr.api ecr.dkr logs ssm ssmmessages"
    error_message = "The endpoints are ${join(" ", keys(aws_vpc_endpoint.interface))}."
  }
}

# Each switch of the monitoring, alone. What the modules do not put out is asserted by cli/test/infrastructure.test.ts.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  region    = "us-east-1"
  env       = "dev"
  image_tag = "abc123"
}

run "alarms" {
  command = plan

  variables {
    alarms      = true
    alarm_email = "oncall@example.com"
    runbook_url = "https://example.com/runbook"
  }

  assert {
    condition = join(" ", sort(keys(aws_cloudwatch_metric_alarm.this))) == join(" ", [
      "cpu", "latency", "load-balancer-5xx", "log-errors", "memory", "rejected-connections", "restarts", "unhealthy-hosts",
    ])
    error_message = "An alarm is missing."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.running) == 1 && length(aws_cloudwatch_metric_alarm.target_5xx) == 1
    error_message = "Alarms of more than one metric are missing."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.certificate) == 0
    error_message = "Without HTTPS there is no certificate."
  }

  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.this), aws_cloudwatch_metric_alarm.target_5xx) : alltrue([
        alarm.alarm_actions == toset([output.alarm_topic_arn]),
        alarm.ok_actions == toset([output.alarm_topic_arn]),
        endswith(alarm.alarm_description, " Runbook: https://example.com/runbook"),
      ])
    ])
    error_message = "Not every alarm tells of itself with the runbook's address."
  }

  assert {
    condition = alltrue([
      aws_cloudwatch_metric_alarm.this["latency"].extended_statistic == "p99",
      aws_cloudwatch_metric_alarm.this["latency"].dimensions["TargetGroup"] == module.alb.target_groups["app"].arn_suffix,
      aws_cloudwatch_metric_alarm.this["cpu"].dimensions["ServiceName"] == output.service_name,
      aws_cloudwatch_metric_alarm.this["cpu"].dimensions["ClusterName"] == output.cluster_name,
      aws_cloudwatch_metric_alarm.this["restarts"].dimensions["RuleName"] == aws_cloudwatch_event_rule.this["stopped"].name,
      aws_cloudwatch_metric_alarm.this["log-errors"].namespace == aws_cloudwatch_log_metric_filter.errors[0].metric_transformation[0].namespace,
      aws_cloudwatch_metric_alarm.this["log-errors"].metric_name == aws_cloudwatch_log_metric_filter.errors[0].metric_transformation[0].name,
    ])
    error_message = "An alarm watches what is not there."
  }

  assert {
    condition     = aws_sns_topic_subscription.email[0].endpoint == "oncall@example.com"
    error_message = "Nobody is mailed."
  }

  assert {
    condition = join(" ", keys(aws_cloudwatch_event_rule.this)) == join(" ", [
      "deployments", "failed-deployments", "stopped", "warnings",
    ])
    error_message = "A rule is missing."
  }

  assert {
    condition     = alltrue([for target in aws_cloudwatch_event_target.topic : target.arn == output.alarm_topic_arn])
    error_message = "Failed deployments are not told."
  }

  assert {
    condition     = join(" ", keys(aws_cloudwatch_event_target.topic)) == "failed-deployments warnings"
    error_message = "Every event would be mailed."
  }

  assert {
    condition     = output.dashboard_url == null
    error_message = "There is a dashboard that nobody asked for."
  }
}

run "alarms_to_a_topic_that_is_there" {
  command = plan

  variables {
    alarms             = true
    alarm_topic_arn    = "arn:aws:sns:us-east-1:123456789012:oncall"
    alarm_rollback     = false
    container_insights = "disabled"
    domain_name        = "app.example.com"
    certificate_arn    = "arn:aws:acm:us-east-1:123456789012:certificate/0123abcd-0123-0123-0123-0123456789ab"
  }

  assert {
    condition     = length(aws_sns_topic.alarms) == 0 && output.alarm_topic_arn == var.alarm_topic_arn
    error_message = "The topic that is there is not used."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.running) == 0
    error_message = "Without Container Insights nothing tells how many tasks run."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.certificate[0].dimensions["CertificateArn"] == var.certificate_arn
    error_message = "The certificate's end is not watched."
  }
}

run "dashboard" {
  command = plan

  variables {
    dashboard = true
  }

  assert {
    condition     = endswith(output.dashboard_url, "#dashboards/dashboard/webapp-dev")
    error_message = "dashboard_url is ${output.dashboard_url}."
  }

  assert {
    condition = join(" ", jsondecode(aws_cloudwatch_dashboard.this[0].dashboard_body).widgets[*].type) == join(" ", [
      "metric", "metric", "metric", "metric", "metric", "log",
    ])
    error_message = "Without alarms the dashboard shows metrics and the app's log."
  }
}

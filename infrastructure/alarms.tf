# What somebody should know of at once. Those that tell of a bad version also make ECS roll a deployment back.

locals {
  # By name and not by the module's outputs, because the service waits for its deployment alarms.
  service_dimensions       = { ClusterName = local.name, ServiceName = local.name }
  load_balancer_dimensions = { LoadBalancer = module.alb.arn_suffix }
  target_dimensions = {
    LoadBalancer = module.alb.arn_suffix
    TargetGroup  = module.alb.target_groups["app"].arn_suffix
  }

  # Each watches one metric by the minute and has to see its threshold passed `minutes` times in a row.
  alarms = { for name, alarm in {
    cpu = {
      text       = "CPU above ${var.alarm_cpu_percent} %: autoscaling does not keep up, or max_count is reached."
      metric     = ["AWS/ECS", "CPUUtilization", local.service_dimensions]
      statistic  = "Average"
      comparison = "GreaterThanThreshold"
      threshold  = var.alarm_cpu_percent
      minutes    = 15
    }
    memory = {
      text       = "Memory above ${var.alarm_memory_percent} %: tasks beyond 100 % are killed. Look for a leak, or raise memory."
      metric     = ["AWS/ECS", "MemoryUtilization", local.service_dimensions]
      statistic  = "Average"
      comparison = "GreaterThanThreshold"
      threshold  = var.alarm_memory_percent
      minutes    = 15
    }
    latency = {
      text       = "One request in a hundred takes longer than ${var.alarm_latency_seconds} s."
      metric     = ["AWS/ApplicationELB", "TargetResponseTime", local.target_dimensions]
      statistic  = "p99"
      comparison = "GreaterThanThreshold"
      threshold  = var.alarm_latency_seconds
      minutes    = 3
    }
    load-balancer-5xx = {
      text       = "The load balancer answers 5xx itself: no task is healthy, or tasks close connections."
      metric     = ["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", local.load_balancer_dimensions]
      statistic  = "Sum"
      comparison = "GreaterThanThreshold"
      threshold  = var.alarm_load_balancer_5xx
      minutes    = 3
    }
    # A task that is replaced may be unhealthy for a minute or two.
    unhealthy-hosts = {
      text       = "A task has failed the load balancer's checks for five minutes."
      metric     = ["AWS/ApplicationELB", "UnHealthyHostCount", local.target_dimensions]
      statistic  = "Maximum"
      comparison = "GreaterThanThreshold"
      threshold  = 0
      minutes    = 5
    }
    rejected-connections = {
      text       = "The load balancer turns connections away: it is at its limit until it has grown."
      metric     = ["AWS/ApplicationELB", "RejectedConnectionCount", local.load_balancer_dimensions]
      statistic  = "Sum"
      comparison = "GreaterThanThreshold"
      threshold  = 0
      minutes    = 1
    }
    log-errors = {
      text       = "More than ${var.alarm_log_errors} lines a minute in ${local.log_group_name} match alarm_log_pattern."
      metric     = [local.name, "LogErrors", {}]
      statistic  = "Sum"
      comparison = "GreaterThanThreshold"
      threshold  = var.alarm_log_errors
      minutes    = 3
    }
    restarts = {
      text       = "${var.alarm_restarts} tasks or more ended by themselves in a minute, or did not start: see ${local.event_log_group_name}."
      metric     = ["AWS/Events", "Invocations", { RuleName = "${local.name}-stopped" }]
      statistic  = "Sum"
      comparison = "GreaterThanOrEqualToThreshold"
      threshold  = var.alarm_restarts
      minutes    = 1
    }
  } : name => alarm if var.alarms }

  # Each tells of a version by what it answers, takes and logs; the others have causes besides. The longest of them is
  # how long ECS goes on watching a deployment.
  deployment_alarms = { for key, value in {
    enable   = true
    rollback = true
    alarm_names = concat(
      [for name in ["latency", "log-errors"] : aws_cloudwatch_metric_alarm.this[name].alarm_name if var.alarms],
      aws_cloudwatch_metric_alarm.target_5xx[*].alarm_name,
    )
  } : key => value if var.alarms && var.alarm_rollback }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name        = "${local.name}-${each.key}"
  alarm_description = "${each.value.text}${local.runbook}"
  alarm_actions     = [local.topic_arn]
  ok_actions        = [local.topic_arn]

  namespace           = each.value.metric[0]
  metric_name         = each.value.metric[1]
  dimensions          = each.value.metric[2]
  statistic           = each.value.statistic == "p99" ? null : each.value.statistic
  extended_statistic  = each.value.statistic == "p99" ? "p99" : null
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.minutes
  treat_missing_data  = "notBreaching"
  # A handful of requests has no p99 to speak of.
  evaluate_low_sample_count_percentiles = each.value.statistic == "p99" ? "ignore" : null
}

# A share and not a count, so that one number fits night and day; and no share of a handful of requests.
resource "aws_cloudwatch_metric_alarm" "target_5xx" {
  count = var.alarms ? 1 : 0

  alarm_name        = "${local.name}-target-5xx"
  alarm_description = "More than ${var.alarm_5xx_percent} % of the app's answers are 5xx.${local.runbook}"
  alarm_actions     = [local.topic_arn]
  ok_actions        = [local.topic_arn]

  comparison_operator = "GreaterThanThreshold"
  threshold           = var.alarm_5xx_percent
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "share"
    label       = "5xx answers in percent"
    expression  = "IF(requests >= ${var.alarm_5xx_min_requests}, 100 * FILL(errors, 0) / requests, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { errors = "HTTPCode_Target_5XX_Count", requests = "RequestCount" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = metric_query.value
        dimensions  = local.target_dimensions
        stat        = "Sum"
        period      = 60
      }
    }
  }
}

# A deployment and a replaced task both take a few minutes, ten in a row are trouble. Both metrics are those of Container
# Insights.
resource "aws_cloudwatch_metric_alarm" "running" {
  count = var.alarms && var.container_insights != "disabled" ? 1 : 0

  alarm_name        = "${local.name}-running"
  alarm_description = "Fewer tasks run than should for ten minutes: see the service's events.${local.runbook}"
  alarm_actions     = [local.topic_arn]
  ok_actions        = [local.topic_arn]

  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 10
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "missing"
    label       = "Missing tasks"
    expression  = "desired - running"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { desired = "DesiredTaskCount", running = "RunningTaskCount" }

    content {
      id = metric_query.key

      metric {
        namespace   = "ECS/ContainerInsights"
        metric_name = metric_query.value
        dimensions  = local.service_dimensions
        stat        = "Average"
        period      = 60
      }
    }
  }
}

# ACM renews what it made itself 60 days before the end. It tells of no certificate that lies in IAM.
resource "aws_cloudwatch_metric_alarm" "certificate" {
  count = var.alarms && local.https && !can(regex("^arn:[a-z-]+:iam:", var.certificate_arn)) ? 1 : 0

  alarm_name        = "${local.name}-certificate"
  alarm_description = "The certificate ends in less than ${var.alarm_certificate_days} days, and was not renewed.${local.runbook}"
  alarm_actions     = [local.topic_arn]
  ok_actions        = [local.topic_arn]

  namespace           = "AWS/CertificateManager"
  metric_name         = "DaysToExpiry"
  dimensions          = { CertificateArn = local.certificate_arn }
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = var.alarm_certificate_days
  period              = 86400
  evaluation_periods  = 1
  treat_missing_data  = "ignore"
}

resource "aws_cloudwatch_log_metric_filter" "errors" {
  count = var.alarms ? 1 : 0

  name           = "${local.name}-errors"
  log_group_name = module.ecs.services["app"].container_definitions[local.container_name].cloudwatch_log_group_name
  pattern        = var.alarm_log_pattern

  metric_transformation {
    namespace     = local.name
    name          = "LogErrors"
    value         = "1"
    default_value = "0"
    unit          = "Count"
  }
}

# Read from top to bottom in an incident: is it us, since when, what changed, and what the app says.

locals {
  # One graph a row of this table. A metric is its namespace, name, statistic, label and dimensions; `right` puts it on
  # the axis at the right.
  graphs = concat([
    {
      title = "Requests and 5xx a minute; deployments"
      metrics = [
        { namespace = "AWS/ApplicationELB", name = "RequestCount", stat = "Sum", label = "requests", of = local.target_dimensions },
        { namespace = "AWS/ApplicationELB", name = "HTTPCode_Target_5XX_Count", stat = "Sum", label = "5xx of the app", of = local.target_dimensions },
        { namespace = "AWS/ApplicationELB", name = "HTTPCode_ELB_5XX_Count", stat = "Sum", label = "5xx of the load balancer", of = local.load_balancer_dimensions },
        # Two while ECS replaces one version by another.
        { namespace = "ECS/ContainerInsights", name = "DeploymentCount", stat = "Maximum", label = "deployments", of = local.service_dimensions, right = true },
      ]
    },
    {
      title = "Latency in seconds"
      metrics = [
        { namespace = "AWS/ApplicationELB", name = "TargetResponseTime", stat = "p50", label = "half", of = local.target_dimensions },
        { namespace = "AWS/ApplicationELB", name = "TargetResponseTime", stat = "p99", label = "slowest hundredth", of = local.target_dimensions },
      ]
    },
    {
      title = "Tasks"
      metrics = [
        { namespace = "ECS/ContainerInsights", name = "DesiredTaskCount", stat = "Maximum", label = "desired", of = local.service_dimensions },
        { namespace = "ECS/ContainerInsights", name = "RunningTaskCount", stat = "Minimum", label = "running", of = local.service_dimensions },
        { namespace = "AWS/ApplicationELB", name = "HealthyHostCount", stat = "Minimum", label = "healthy", of = local.target_dimensions },
        { namespace = "AWS/ApplicationELB", name = "UnHealthyHostCount", stat = "Maximum", label = "unhealthy", of = local.target_dimensions },
      ]
    },
    {
      title = "CPU and memory in percent"
      metrics = [
        { namespace = "AWS/ECS", name = "CPUUtilization", stat = "Average", label = "CPU", of = local.service_dimensions },
        { namespace = "AWS/ECS", name = "CPUUtilization", stat = "Maximum", label = "CPU, busiest task", of = local.service_dimensions },
        { namespace = "AWS/ECS", name = "MemoryUtilization", stat = "Average", label = "memory", of = local.service_dimensions },
        { namespace = "AWS/ECS", name = "MemoryUtilization", stat = "Maximum", label = "memory, fullest task", of = local.service_dimensions },
      ]
    },
    {
      title = "Connections"
      metrics = [
        { namespace = "AWS/ApplicationELB", name = "ActiveConnectionCount", stat = "Sum", label = "open", of = local.load_balancer_dimensions },
        { namespace = "AWS/ApplicationELB", name = "RejectedConnectionCount", stat = "Sum", label = "rejected", of = local.load_balancer_dimensions },
        { namespace = "AWS/ApplicationELB", name = "TargetConnectionErrorCount", stat = "Sum", label = "failed to the app", of = local.target_dimensions },
      ]
    },
    ], [for check in aws_route53_health_check.this : {
      title  = "The URL from outside"
      region = "us-east-1"
      metrics = [
        { namespace = "AWS/Route53", name = "HealthCheckPercentageHealthy", stat = "Minimum", label = "checkers that see it well, in percent", of = { HealthCheckId = check.id } },
        { namespace = "AWS/Route53", name = "TimeToFirstByte", stat = "Average", label = "milliseconds to the first byte", of = { HealthCheckId = check.id }, right = true },
      ]
  }])

  graph_widgets = [for index, graph in local.graphs : {
    type   = "metric"
    x      = 12 * (index % 2)
    y      = 2 + 6 * floor(index / 2)
    width  = 12
    height = 6
    properties = {
      title  = graph.title
      region = try(graph.region, var.region)
      view   = "timeSeries"
      period = 60
      metrics = [for metric in graph.metrics : concat(
        [metric.namespace, metric.name],
        flatten([for name, value in metric.of : [name, value]]),
        [{ stat = metric.stat, label = metric.label, yAxis = try(metric.right, false) ? "right" : "left" }],
      )]
      yAxis = { left = { min = 0 }, right = { min = 0 } }
    }
  }]

  alarm_arns = concat(
    values(aws_cloudwatch_metric_alarm.this)[*].arn,
    aws_cloudwatch_metric_alarm.target_5xx[*].arn,
    aws_cloudwatch_metric_alarm.running[*].arn,
    aws_cloudwatch_metric_alarm.certificate[*].arn,
    aws_cloudwatch_metric_alarm.url[*].arn,
  )

  # Without alarms there are none to show, and no log of ECS's events.
  alarm_widgets = [for widget in [
    {
      type       = "alarm"
      x          = 0
      y          = 0
      width      = 24
      height     = 2
      properties = { title = "Is it us?", alarms = local.alarm_arns }
    },
    {
      type   = "log"
      x      = 0
      y      = 20
      width  = 24
      height = 6
      properties = {
        title  = "What changed: deployments, warnings and stopped tasks"
        region = var.region
        view   = "table"
        query = join(" | ", [
          "SOURCE '${local.event_log_group_name}'",
          "fields @timestamp, detail.eventName, detail.reason, detail.stopCode, detail.stoppedReason",
          "sort @timestamp desc",
          "limit 50",
        ])
      }
    },
  ] : widget if var.alarms]

  log_widget = {
    type   = "log"
    x      = 0
    y      = 26
    width  = 24
    height = 6
    properties = {
      title  = "What the app says: its last errors"
      region = var.region
      view   = "table"
      query = join(" | ", [
        "SOURCE '${local.log_group_name}'",
        "fields @timestamp, @message",
        "filter @message like /(?i)error/",
        "sort @timestamp desc",
        "limit 50",
      ])
    }
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  count = var.dashboard ? 1 : 0

  dashboard_name = local.name
  dashboard_body = jsonencode({ widgets = concat(local.alarm_widgets, local.graph_widgets, [local.log_widget]) })
}

# Route 53 asks the URL from outside, as people do: it also finds what the load balancer's own checks cannot, such as a
# wrong DNS record or a certificate for another name.
resource "aws_route53_health_check" "this" {
  count = var.url_health_check ? 1 : 0

  fqdn              = var.domain_name
  port              = 443
  type              = var.url_health_check_text == null ? "HTTPS" : "HTTPS_STR_MATCH"
  resource_path     = var.health_check_path
  search_string     = var.url_health_check_text
  regions           = var.url_health_check_regions
  request_interval  = 30
  failure_threshold = 3
  measure_latency   = true

  tags = { Name = local.name }
}

# Route 53 has its metrics in us-east-1 alone, and an alarm has to be where its metric is.
resource "aws_cloudwatch_metric_alarm" "url" {
  count = var.url_health_check && var.alarms && var.region == "us-east-1" ? 1 : 0

  alarm_name        = "${local.name}-url"
  alarm_description = "https://${var.domain_name}${var.health_check_path} does not answer as it should.${local.runbook}"
  alarm_actions     = [local.topic_arn]
  ok_actions        = [local.topic_arn]

  namespace           = "AWS/Route53"
  metric_name         = "HealthCheckStatus"
  dimensions          = { HealthCheckId = aws_route53_health_check.this[0].id }
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 60
  evaluation_periods  = 2
  treat_missing_data  = "breaching"
}

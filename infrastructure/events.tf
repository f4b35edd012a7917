# What ECS says of itself, by EventBridge: what went wrong to the topic, all of it to a log group, because ECS forgets
# stopped tasks after an hour and deployments after 90 days.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html

locals {
  event_log_group_name = "/aws/events/${local.name}"

  of_service = { source = ["aws.ecs"], resources = [module.ecs.services["app"].id] }

  event_rules = { for name, rule in {
    deployments = {
      text    = "Every step of a deployment"
      pattern = merge(local.of_service, { detail-type = ["ECS Deployment State Change"] })
      notify  = false
    }
    # Whatever is neither begun nor completed: failed, rolled back, or waiting for a hook.
    failed-deployments = {
      text = "Deployments that do not go as they should"
      pattern = merge(local.of_service, {
        detail-type = ["ECS Deployment State Change"]
        detail = {
          eventName = [{ anything-but = ["SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_COMPLETED"] }]
        }
      })
      notify = true
    }
    # Tasks that cannot be placed, tasks that keep failing to start, throttled calls.
    warnings = {
      text = "The service's warnings and errors"
      pattern = merge(local.of_service, {
        detail-type = ["ECS Service Action"]
        detail      = { eventType = ["WARN", "ERROR"] }
      })
      notify = true
    }
    # Counted by the alarm on restarts: one task alone wakes nobody.
    stopped = {
      text = "Tasks that ended by themselves or did not start"
      pattern = {
        source      = ["aws.ecs"]
        detail-type = ["ECS Task State Change"]
        detail = {
          clusterArn = [module.ecs.cluster_arn]
          group      = ["service:${local.name}"]
          lastStatus = ["STOPPED"]
          stopCode   = ["EssentialContainerExited", "TaskFailedToStart"]
        }
      }
      notify = false
    }
  } : name => rule if var.alarms }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.event_rules

  name          = "${local.name}-${each.key}"
  description   = "${each.value.text} of ${local.name}"
  event_pattern = jsonencode(each.value.pattern)
}

resource "aws_cloudwatch_event_target" "topic" {
  for_each = { for name, rule in local.event_rules : name => rule if rule.notify }

  rule = aws_cloudwatch_event_rule.this[each.key].name
  arn  = local.topic_arn

  input_transformer {
    input_paths    = { event = "$.detail.eventName", reason = "$.detail.reason", at = "$.time" }
    input_template = "\"${local.name}: <event> at <at>. <reason>${local.runbook}\""
  }
}

resource "aws_cloudwatch_event_target" "log" {
  for_each = { for name, rule in local.event_rules : name => rule if name != "failed-deployments" }

  rule = aws_cloudwatch_event_rule.this[each.key].name
  arn  = aws_cloudwatch_log_group.events[0].arn

  depends_on = [aws_cloudwatch_log_resource_policy.events]
}

#tfsec:ignore:aws-cloudwatch-log-group-customer-key It has a key of CloudWatch's and holds no content
resource "aws_cloudwatch_log_group" "events" {
  count = var.alarms ? 1 : 0

  name              = local.event_log_group_name
  retention_in_days = var.log_retention_days
}

resource "aws_cloudwatch_log_resource_policy" "events" {
  count = var.alarms ? 1 : 0

  policy_name     = "${local.name}-events"
  policy_document = data.aws_iam_policy_document.events[0].json
}

data "aws_iam_policy_document" "events" {
  count = var.alarms ? 1 : 0

  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.events[0].arn}:*"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com", "delivery.logs.amazonaws.com"]
    }
  }
}

# Where alarms and events go: a topic of this service's own, unless there is one already.

locals {
  topic_arn = var.alarm_topic_arn != null ? var.alarm_topic_arn : one(aws_sns_topic.alarms[*].arn)
  runbook   = var.runbook_url != null ? " Runbook: ${var.runbook_url}" : ""
}

#tfsec:ignore:aws-sns-enable-topic-encryption CloudWatch cannot use the key alias/aws/sns, and no message holds content
resource "aws_sns_topic" "alarms" {
  count = var.alarms && var.alarm_topic_arn == null ? 1 : 0

  name = "${local.name}-alarms"
}

resource "aws_sns_topic_policy" "alarms" {
  count = length(aws_sns_topic.alarms)

  arn    = aws_sns_topic.alarms[0].arn
  policy = data.aws_iam_policy_document.alarms[0].json
}

data "aws_iam_policy_document" "alarms" {
  count = length(aws_sns_topic.alarms)

  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms[0].arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.this.account_id]
    }
  }
}

# Whoever owns the address has to confirm it by a link in a mail.
resource "aws_sns_topic_subscription" "email" {
  count = var.alarms && var.alarm_email != null ? 1 : 0

  topic_arn = local.topic_arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

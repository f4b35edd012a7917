# Where the load balancer's access logs and, if asked for, the VPC's flow logs go.

locals {
  makes_log_bucket = var.access_logs || local.flow_logs_to_s3
  # By way of the policy, so that whoever writes finds the bucket open to it.
  log_bucket     = one([for policy in aws_s3_bucket_policy.logs : policy.bucket])
  log_bucket_arn = one([for policy in aws_s3_bucket_policy.logs : aws_s3_bucket.logs[0].arn])
}

#tfsec:ignore:aws-s3-enable-bucket-logging It is the bucket of the logs
#tfsec:ignore:aws-s3-enable-versioning Nobody writes a log twice
resource "aws_s3_bucket" "logs" {
  count = local.makes_log_bucket ? 1 : 0

  bucket_prefix = "${local.name}-logs-"
  force_destroy = !var.deletion_protection
}

resource "aws_s3_bucket_public_access_block" "logs" {
  count = length(aws_s3_bucket.logs)

  bucket                  = aws_s3_bucket.logs[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

#tfsec:ignore:aws-s3-encryption-customer-key A load balancer writes to no bucket with a key of one's own
resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  count = length(aws_s3_bucket.logs)

  bucket = aws_s3_bucket.logs[0].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  count = length(aws_s3_bucket.logs)

  bucket = aws_s3_bucket.logs[0].id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    expiration {
      days = var.log_retention_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

resource "aws_s3_bucket_policy" "logs" {
  count = length(aws_s3_bucket.logs)

  bucket = aws_s3_bucket.logs[0].id
  policy = data.aws_iam_policy_document.logs[0].json
}

data "aws_iam_policy_document" "logs" {
  count = length(aws_s3_bucket.logs)

  # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html and
  # https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html
  dynamic "statement" {
    for_each = {
      alb = "logdelivery.elasticloadbalancing.amazonaws.com"
      vpc = "delivery.logs.amazonaws.com"
    }

    content {
      actions   = ["s3:PutObject"]
      resources = ["${aws_s3_bucket.logs[0].arn}/${statement.key}/AWSLogs/${data.aws_caller_identity.this.account_id}/*"]

      principals {
        type        = "Service"
        identifiers = [statement.value]
      }
    }
  }

  statement {
    actions   = ["s3:GetBucketAcl"]
    resources = [aws_s3_bucket.logs[0].arn]

    principals {
      type        = "Service"
      identifiers = ["delivery.logs.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.this.account_id]
    }
  }

  statement {
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.logs[0].arn, "${aws_s3_bucket.logs[0].arn}/*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

# One account builds, and the others run: they pull its images, or get copies of them, and Inspector looks at each of them.

resource "aws_ecr_repository_policy" "readers" {
  count = length(var.reader_account_ids) > 0 ? 1 : 0

  repository = aws_ecr_repository.this.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Pull"
      Effect    = "Allow"
      Principal = { AWS = [for id in sort(tolist(var.reader_account_ids)) : "arn:${local.partition}:iam::${id}:root"] }
      Action = [
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:DescribeImageScanFindings",
        "ecr:DescribeImages",
        "ecr:DescribeRepositories",
        "ecr:GetDownloadUrlForLayer",
      ]
    }]
  })
}

# A registry has one such configuration: what others set in it is replaced.
resource "aws_ecr_replication_configuration" "this" {
  count = length(var.replicas) > 0 ? 1 : 0

  replication_configuration {
    rule {
      dynamic "destination" {
        for_each = var.replicas

        content {
          region      = destination.value.region
          registry_id = destination.value.account_id
        }
      }

      repository_filter {
        filter      = var.repository_name
        filter_type = "PREFIX_MATCH"
      }
    }
  }
}

resource "aws_ecr_registry_scanning_configuration" "this" {
  count = var.inspector ? 1 : 0

  scan_type = "ENHANCED"

  rule {
    scan_frequency = "CONTINUOUS_SCAN"

    repository_filter {
      filter      = var.repository_name
      filter_type = "WILDCARD"
    }
  }
}

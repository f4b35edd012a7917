#tfsec:ignore:aws-ecr-repository-customer-key kms_key_arn names one where that is wanted
resource "aws_ecr_repository" "this" {
  name                 = var.repository_name
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = var.kms_key_arn == null ? "AES256" : "KMS"
    kms_key         = var.kms_key_arn
  }

  lifecycle {
    prevent_destroy = true
  }
}

# An image that the first rule matches is safe from those below it, however many there are: ECR says that an image which
# matches a rule cannot be expired by one of lower priority, and this rule's own limit is beyond what a repository holds.
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html#lp_evaluation_rules
resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name

  policy = jsonencode({
    rules = concat(
      [for index, prefix in var.kept_tag_prefixes : {
        rulePriority = index + 1
        description  = "Keep every image tagged ${prefix}..."
        selection    = { tagStatus = "tagged", tagPrefixList = [prefix], countType = "imageCountMoreThan", countNumber = 100000 }
        action       = { type = "expire" }
      }],
      [{
        rulePriority = 98
        description  = "Drop what lost its tag two weeks ago"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 14 }
        action       = { type = "expire" }
      }],
      [{
        rulePriority = 99
        description  = "Keep the newest ${var.kept_images} of the others"
        selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = var.kept_images }
        action       = { type = "expire" }
      }],
    )
  })
}

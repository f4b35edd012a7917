# The same steps as GitHub's workflows, inside AWS: CodePipeline takes each merge, CodeBuild checks, plans and deploys by the one CLI.
# Off by default; about 0.002 USD for each minute of an action, and 0.005 USD for each minute of a build.
# https://docs.aws.amazon.com/codepipeline/latest/userguide/welcome.html

locals {
  # What each build runs: a buildspec in the repository, and whether it may change anything.
  builds = var.pipeline == null ? {} : {
    checks = { privileged = false, role = "read" }
    plan   = { privileged = true, role = "deploy" }
    deploy = { privileged = false, role = "deploy" }
  }
  pipeline_roles = var.pipeline == null ? toset([]) : toset(["pipeline", "read", "deploy"])
}

resource "aws_codepipeline" "this" {
  count = var.pipeline == null ? 0 : 1

  name           = var.name
  role_arn       = aws_iam_role.pipeline["pipeline"].arn
  pipeline_type  = "V2"
  execution_mode = "QUEUED"

  artifact_store {
    type     = "S3"
    location = aws_s3_bucket.artifacts[0].bucket
  }

  stage {
    name = "Source"

    action {
      name             = "Source"
      category         = "Source"
      owner            = "AWS"
      provider         = "CodeStarSourceConnection"
      version          = "1"
      output_artifacts = ["source"]

      configuration = {
        ConnectionArn    = var.pipeline.connection_arn
        FullRepositoryId = var.pipeline.repository
        BranchName       = var.pipeline.branch
        # The commit's history, which the plan shows, and the tag of the commit need a clone.
        OutputArtifactFormat = "CODEBUILD_CLONE_REF"
      }
    }
  }

  stage {
    name = "Checks"

    action {
      name            = "Checks"
      category        = "Build"
      owner           = "AWS"
      provider        = "CodeBuild"
      version         = "1"
      input_artifacts = ["source"]

      configuration = { ProjectName = aws_codebuild_project.this["checks"].name }
    }
  }

  stage {
    name = "Plan"

    action {
      name             = "Plan"
      category         = "Build"
      owner            = "AWS"
      provider         = "CodeBuild"
      version          = "1"
      input_artifacts  = ["source"]
      output_artifacts = ["plan"]

      configuration = { ProjectName = aws_codebuild_project.this["plan"].name }
    }
  }

  # What is approved is what is applied: the plan is sealed.
  stage {
    name = "Approve"

    action {
      name     = "Approve"
      category = "Approval"
      owner    = "AWS"
      provider = "Manual"
      version  = "1"

      configuration = { CustomData = "The log of the stage Plan shows what will change." }
    }
  }

  stage {
    name = "Deploy"

    action {
      name            = "Deploy"
      category        = "Build"
      owner           = "AWS"
      provider        = "CodeBuild"
      version         = "1"
      input_artifacts = ["source", "plan"]

      configuration = {
        ProjectName   = aws_codebuild_project.this["deploy"].name
        PrimarySource = "source"
      }
    }
  }
}

#tfsec:ignore:aws-codebuild-enable-encryption The artifacts' bucket is encrypted
resource "aws_codebuild_project" "this" {
  for_each = local.builds

  name           = "${var.name}-${each.key}"
  description    = "fargate-ctl: ${each.key}"
  service_role   = aws_iam_role.pipeline[each.value.role].arn
  build_timeout  = 60
  queued_timeout = 480

  artifacts {
    type = "CODEPIPELINE"
  }

  source {
    type      = "CODEPIPELINE"
    buildspec = "infrastructure/bootstrap/buildspecs/${each.key}.yml"
  }

  environment {
    type         = "LINUX_CONTAINER"
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    # An image can be built in a privileged container alone.
    privileged_mode = each.value.privileged
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.builds[0].name
    }
  }
}

#tfsec:ignore:aws-cloudwatch-log-group-customer-key Encrypted with the key of CloudWatch Logs
resource "aws_cloudwatch_log_group" "builds" {
  count = var.pipeline == null ? 0 : 1

  name              = "/codebuild/${var.name}"
  retention_in_days = 90
}

# Sources, and sealed plans, which may hold secrets: they go after a week.

#tfsec:ignore:aws-s3-enable-bucket-logging CloudTrail tells who read it, if that is wanted
#tfsec:ignore:aws-s3-enable-versioning Nothing in it is kept
resource "aws_s3_bucket" "artifacts" {
  count = var.pipeline == null ? 0 : 1

  bucket_prefix = "${var.name}-pipeline-"
  force_destroy = true
}

resource "aws_s3_bucket_public_access_block" "artifacts" {
  count = var.pipeline == null ? 0 : 1

  bucket = aws_s3_bucket.artifacts[0].id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

#tfsec:ignore:aws-s3-encryption-customer-key kms_key_arn names one where that is wanted
resource "aws_s3_bucket_server_side_encryption_configuration" "artifacts" {
  count = var.pipeline == null ? 0 : 1

  bucket = aws_s3_bucket.artifacts[0].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "artifacts" {
  count = var.pipeline == null ? 0 : 1

  bucket = aws_s3_bucket.artifacts[0].id

  rule {
    id     = "a-week"
    status = "Enabled"

    filter {}

    expiration {
      days = 7
    }
  }
}

resource "aws_iam_role" "pipeline" {
  for_each = local.pipeline_roles

  name                 = "codepipeline-${var.name}-${each.key}"
  description          = "The pipeline of ${var.name}: ${each.key}"
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = each.key == "pipeline" ? "codepipeline.amazonaws.com" : "codebuild.amazonaws.com" }
    }]
  })
}

# What each of them needs to be a pipeline at all.
resource "aws_iam_role_policy" "pipeline" {
  for_each = local.pipeline_roles

  name = "pipeline"
  role = aws_iam_role.pipeline[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        { Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject"], Resource = "${aws_s3_bucket.artifacts[0].arn}/*" },
        { Effect = "Allow", Action = ["s3:GetBucketLocation", "s3:ListBucket"], Resource = aws_s3_bucket.artifacts[0].arn },
        { Effect = "Allow", Action = "codestar-connections:UseConnection", Resource = var.pipeline.connection_arn },
      ],
      each.key == "pipeline" ? [
        { Effect = "Allow", Action = tolist(["codebuild:StartBuild", "codebuild:BatchGetBuilds"]), Resource = tolist([for build in aws_codebuild_project.this : build.arn]) },
        ] : [
        { Effect = "Allow", Action = tolist(["logs:CreateLogStream", "logs:PutLogEvents"]), Resource = tolist(["${aws_cloudwatch_log_group.builds[0].arn}:*"]) },
      ],
    )
  })
}

# A deployment may do here what GitHub's may.
resource "aws_iam_role_policy" "pipeline_deploy" {
  count = var.pipeline == null ? 0 : 1

  name   = "iam"
  role   = aws_iam_role.pipeline["deploy"].name
  policy = local.deploy_iam_policy
}

resource "aws_iam_role_policy_attachment" "pipeline_deploy" {
  for_each = var.pipeline == null ? toset([]) : var.deploy_policy_arns

  role       = aws_iam_role.pipeline["deploy"].name
  policy_arn = each.value
}

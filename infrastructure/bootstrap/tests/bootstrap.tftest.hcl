mock_provider "aws" {
  override_during = plan

  mock_resource "aws_s3_bucket" {
    defaults = {
      arn = "arn:aws:s3:::acme-terraform-state"
    }
  }

  mock_resource "aws_iam_openid_connect_provider" {
    defaults = {
      arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    }
  }

  mock_resource "aws_codebuild_project" {
    defaults = {
      arn = "arn:aws:codebuild:us-east-1:123456789012:project/mock"
    }
  }

  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::123456789012:role/mock"
    }
  }
}

variables {
  state_bucket = "acme-terraform-state"
}

run "without_github" {
  command = plan

  assert {
    condition = alltrue([
      aws_s3_bucket_versioning.state.versioning_configuration[0].status == "Enabled",
      one(aws_s3_bucket_server_side_encryption_configuration.state.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256",
      aws_s3_bucket_public_access_block.state.block_public_acls,
      aws_s3_bucket_public_access_block.state.block_public_policy,
      aws_s3_bucket_public_access_block.state.ignore_public_acls,
      aws_s3_bucket_public_access_block.state.restrict_public_buckets,
      jsondecode(aws_s3_bucket_policy.state.policy).Statement[0].Condition.Bool["aws:SecureTransport"] == "false",
      aws_s3_bucket_lifecycle_configuration.state.rule[0].noncurrent_version_expiration[0].noncurrent_days == 90,
    ])
    error_message = "The state is not as safe as it should be."
  }

  assert {
    condition = alltrue([
      aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE",
      aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push,
      aws_ecr_repository.this.encryption_configuration[0].encryption_type == "AES256",
    ])
    error_message = "The repository is not as safe as it should be."
  }

  # What is kept comes before what is dropped, and its limit is out of reach.
  assert {
    condition = alltrue([
      for index, prefix in ["v", "proved-"] :
      jsondecode(aws_ecr_lifecycle_policy.this.policy).rules[index].selection.tagPrefixList == [prefix] &&
      jsondecode(aws_ecr_lifecycle_policy.this.policy).rules[index].selection.countNumber == 100000 &&
      jsondecode(aws_ecr_lifecycle_policy.this.policy).rules[index].rulePriority == index + 1
    ])
    error_message = "The lifecycle policy would delete images that are to be kept."
  }

  # ECR takes a rule for any image only as the last one.
  assert {
    condition = (
      join(" ", jsondecode(aws_ecr_lifecycle_policy.this.policy).rules[*].selection.tagStatus) ==
      "tagged tagged untagged any"
    )
    error_message = "The lifecycle policy's rules are out of order."
  }

  assert {
    condition     = output.github_role_arns == {} && length(aws_iam_openid_connect_provider.github) == 0
    error_message = "Nobody asked for GitHub's roles."
  }
}

run "with_github" {
  command = plan

  variables {
    github_repository        = "acme/webapp"
    github_environments      = ["staging", "production"]
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
    kms_key_arn              = "arn:aws:kms:us-east-1:123456789012:key/0123abcd-0123-0123-0123-0123456789ab"
  }

  assert {
    condition = {
      for role, made in aws_iam_role.github :
      role => jsondecode(made.assume_role_policy).Statement[0].Condition.StringEquals
      } == { for role, subject in {
        plan              = "repo:acme/webapp:pull_request"
        deploy-production = "repo:acme/webapp:environment:production"
        deploy-staging    = "repo:acme/webapp:environment:staging"
        } : role => {
        "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:sub" = subject
    } }
    error_message = "The roles trust others than they should."
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.github : role.permissions_boundary == var.permissions_boundary_arn])
    error_message = "A role goes beyond the boundary."
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.github : !startswith(role.name, "webapp-")])
    error_message = "A deployment could change its own role."
  }

  assert {
    condition = toset([for attachment in aws_iam_role_policy_attachment.github : "${attachment.role} ${basename(attachment.policy_arn)}"]) == toset([
      "github-webapp-plan ReadOnlyAccess",
      "github-webapp-deploy-production PowerUserAccess",
      "github-webapp-deploy-staging PowerUserAccess",
    ])
    error_message = "A role has other policies than it should."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.plan[0].policy).Statement : statement.Resource
      if contains(flatten([statement.Action]), "s3:PutObject")
    ] == ["arn:aws:s3:::acme-terraform-state/*.tflock"]
    error_message = "A plan writes more than the lock."
  }

  assert {
    condition = alltrue([
      aws_ecr_repository.this.encryption_configuration[0].encryption_type == "KMS",
      one(aws_s3_bucket_server_side_encryption_configuration.state.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms",
    ])
    error_message = "The key is not used."
  }
}

run "as_a_central_account" {
  command = plan

  variables {
    reader_account_ids = ["222222222222", "111111111111"]
    replicas           = [{ region = "eu-west-1", account_id = "111111111111" }]
    inspector          = true
  }

  assert {
    condition = alltrue([
      jsondecode(aws_ecr_repository_policy.readers[0].policy).Statement[0].Principal.AWS == ["arn:aws:iam::111111111111:root", "arn:aws:iam::222222222222:root"],
      length([for action in jsondecode(aws_ecr_repository_policy.readers[0].policy).Statement[0].Action : action if length(regexall("Put|Delete|Upload", action)) > 0]) == 0,
    ])
    error_message = "Others than the readers may pull, or readers may do more."
  }

  assert {
    condition = alltrue([
      aws_ecr_replication_configuration.this[0].replication_configuration[0].rule[0].destination[0].registry_id == "111111111111",
      aws_ecr_registry_scanning_configuration.this[0].scan_type == "ENHANCED",
    ])
    error_message = "The images are not copied, or not scanned."
  }
}

run "with_a_pipeline" {
  command = plan

  variables {
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
    pipeline = {
      connection_arn = "arn:aws:codeconnections:us-east-1:123456789012:connection/0a1b"
      repository     = "acme/webapp"
    }
  }

  # What is approved is what is applied.
  assert {
    condition     = join(" ", aws_codepipeline.this[0].stage[*].name) == "Source Checks Plan Approve Deploy"
    error_message = "The stages are out of order."
  }

  assert {
    condition     = alltrue([for build in aws_codebuild_project.this : fileexists("./${trimprefix(build.source[0].buildspec, "infrastructure/bootstrap/")}")])
    error_message = "A buildspec is not there."
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.artifacts[0].block_public_policy,
      alltrue([for role in aws_iam_role.pipeline : role.permissions_boundary == var.permissions_boundary_arn]),
      [for name, build in aws_codebuild_project.this : name if build.environment[0].privileged_mode] == ["plan"],
      jsondecode(aws_iam_role.pipeline["deploy"].assume_role_policy).Statement[0].Principal.Service == "codebuild.amazonaws.com",
      jsondecode(aws_iam_role.pipeline["pipeline"].assume_role_policy).Statement[0].Principal.Service == "codepipeline.amazonaws.com",
    ])
    error_message = "The pipeline may do more than it should."
  }

  assert {
    condition     = [for attachment in aws_iam_role_policy_attachment.pipeline_deploy : basename(attachment.policy_arn)] == ["PowerUserAccess"]
    error_message = "A deployment has other policies than it should."
  }
}

run "refuses_malformed_values" {
  command = plan

  variables {
    region                   = "europe"
    name                     = "Web_App"
    tags                     = { "aws:owner" = "me" }
    state_bucket             = "No Bucket"
    state_version_days       = 0
    repository_name          = "Web App"
    kept_tag_prefixes        = []
    kept_images              = 0
    kms_key_arn              = "alias/key"
    github_repository        = "webapp"
    github_environments      = ["any thing"]
    github_oidc_provider_arn = "github"
    plan_policy_arns         = ["ReadOnlyAccess"]
    deploy_policy_arns       = ["PowerUserAccess"]
    permissions_boundary_arn = "boundary"
    pipeline                 = { connection_arn = "github", repository = "webapp" }
    reader_account_ids       = ["one"]
    replicas                 = [{ region = "europe", account_id = "one" }]
  }

  expect_failures = [
    var.region,
    var.name,
    var.tags,
    var.state_bucket,
    var.state_version_days,
    var.repository_name,
    var.kept_tag_prefixes,
    var.kept_images,
    var.kms_key_arn,
    var.github_repository,
    var.github_environments,
    var.github_oidc_provider_arn,
    var.plan_policy_arns,
    var.deploy_policy_arns,
    var.permissions_boundary_arn,
    var.pipeline,
    var.reader_account_ids,
    var.replicas,
  ]
}

# GitHub's workflows get short-lived credentials for a role, by a token that says which repository and what for. There are
# no keys to store, and none to steal.
# https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws

locals {
  github_host         = "token.actions.githubusercontent.com"
  github_provider_arn = var.github_oidc_provider_arn != null ? var.github_oidc_provider_arn : one(aws_iam_openid_connect_provider.github[*].arn)

  # The exact subject of the token for each role. They are not named after the app, whose roles a deployment may change.
  github_roles = { for role, subject in merge(
    { plan = "pull_request" },
    { for environment in var.github_environments : "deploy-${environment}" => "environment:${environment}" },
  ) : role => "repo:${coalesce(var.github_repository, "-")}:${subject}" if var.github_repository != null }
  deploy_roles = [for role in keys(local.github_roles) : role if role != "plan"]

  role_policies = { for pair in concat(
    setproduct([for role in keys(local.github_roles) : role if role == "plan"], tolist(var.plan_policy_arns)),
    setproduct(local.deploy_roles, tolist(var.deploy_policy_arns)),
  ) : "${pair[0]} ${pair[1]}" => { role = pair[0], arn = pair[1] } }

  partition = split(":", aws_s3_bucket.state.arn)[1]

  # PowerUserAccess leaves IAM out. What a deployment makes there starts with the app's name.
  #tfsec:ignore:aws-iam-no-policy-wildcards Every role and policy that starts with the app's name, and no other
  deploy_iam_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = "iam:*"
        Resource = [
          "arn:${local.partition}:iam::*:role/${var.name}-*",
          "arn:${local.partition}:iam::*:policy/${var.name}-*",
        ]
      },
      {
        Effect   = "Allow"
        Action   = "iam:CreateServiceLinkedRole"
        Resource = "arn:${local.partition}:iam::*:role/aws-service-role/*"
      },
    ]
  })
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.github_repository != null && var.github_oidc_provider_arn == null ? 1 : 0

  url            = "https://${local.github_host}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "github" {
  for_each = local.github_roles

  name                 = "github-${var.name}-${each.key}"
  description          = "Workflows of ${var.github_repository}: ${each.key}"
  max_session_duration = 3600
  permissions_boundary = var.permissions_boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = local.github_provider_arn }
      Condition = {
        StringEquals = {
          "${local.github_host}:aud" = "sts.amazonaws.com"
          "${local.github_host}:sub" = each.value
        }
      }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "github" {
  for_each = local.role_policies

  role       = aws_iam_role.github[each.value.role].name
  policy_arn = each.value.arn
}

# A plan reads the state, and writes nothing but the lock beside it.
resource "aws_iam_role_policy" "plan" {
  count = var.github_repository != null ? 1 : 0

  name = "state"
  role = aws_iam_role.github["plan"].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "s3:ListBucket", Resource = aws_s3_bucket.state.arn },
      { Effect = "Allow", Action = "s3:GetObject", Resource = "${aws_s3_bucket.state.arn}/*" },
      { Effect = "Allow", Action = ["s3:PutObject", "s3:DeleteObject"], Resource = "${aws_s3_bucket.state.arn}/*.tflock" },
    ]
  })
}

resource "aws_iam_role_policy" "deploy" {
  for_each = toset(local.deploy_roles)

  name = "iam"
  role = aws_iam_role.github[each.key].name

  policy = local.deploy_iam_policy
}

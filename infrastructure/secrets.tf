# Secrets reach the app as environment variables. ECS reads them when a task starts, with the execution role, which may
# read these and no others.

locals {
  parameter_arns = distinct([for arn in values(var.secrets) : arn if split(":", arn)[2] == "ssm"])
  # What follows the seventh part names a field or a version of the secret.
  secret_arns = distinct([
    for arn in values(var.secrets) : join(":", slice(split(":", arn), 0, 7)) if split(":", arn)[2] == "secretsmanager"
  ])

  # A secret that has a key of one's own is of no use without it.
  secret_key_statements = { for key, statement in {
    keys = { actions = ["kms:Decrypt"], resources = var.secret_kms_key_arns }
  } : key => statement if length(var.secret_kms_key_arns) > 0 }
}

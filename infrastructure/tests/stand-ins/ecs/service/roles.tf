locals {
  makes_task_exec_role = try(var.service.create_task_exec_iam_role, true)
  makes_task_exec      = local.makes_task_exec_role && try(var.service.create_task_exec_policy, true)
  makes_tasks_role     = try(var.service.create_tasks_iam_role, true)

  task_exec_role_name = try(coalesce(var.service.task_exec_iam_role_name), var.name)
  tasks_role_name     = try(coalesce(var.service.tasks_iam_role_name), var.name)
  task_exec_role_arn  = try(aws_iam_role.task_exec[0].arn, lookup(var.service, "task_exec_iam_role_arn", null))
  tasks_role_arn      = try(aws_iam_role.tasks[0].arn, lookup(var.service, "tasks_iam_role_arn", null))

  ssm_params      = lookup(var.service, "task_exec_ssm_param_arns", ["arn:aws:ssm:*:*:parameter/*"])
  secrets         = lookup(var.service, "task_exec_secret_arns", ["arn:aws:secretsmanager:*:*:secret:*"])
  tasks_may       = lookup(var.service, "tasks_iam_role_statements", {})
  execute_command = try(var.service.enable_execute_command, false)
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

# What ECS may do to start a task

resource "aws_iam_role" "task_exec" {
  count = local.makes_task_exec_role ? 1 : 0

  name_prefix        = "${local.task_exec_role_name}-"
  assume_role_policy = data.aws_iam_policy_document.assume.json

  tags = var.tags
}

data "aws_iam_policy_document" "task_exec" {
  statement {
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:GetAuthorizationToken",
      "ecr:GetDownloadUrlForLayer",
      "logs:CreateLogStream",
      "logs:PutLogEvents",
    ]
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = length(local.ssm_params) > 0 ? [local.ssm_params] : []

    content {
      actions   = ["ssm:GetParameters"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(local.secrets) > 0 ? [local.secrets] : []

    content {
      actions   = ["secretsmanager:GetSecretValue"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = lookup(var.service, "task_exec_iam_statements", {})

    content {
      sid       = try(statement.value.sid, null)
      effect    = try(statement.value.effect, null)
      actions   = try(statement.value.actions, null)
      resources = try(statement.value.resources, null)
    }
  }
}

resource "aws_iam_policy" "task_exec" {
  count = local.makes_task_exec ? 1 : 0

  name_prefix = "${local.task_exec_role_name}-"
  policy      = data.aws_iam_policy_document.task_exec.json

  tags = var.tags
}

resource "aws_iam_role_policy_attachment" "task_exec" {
  for_each = merge(
    { for key in ["own"] : key => aws_iam_policy.task_exec[0].arn if local.makes_task_exec },
    { for key, arn in try(var.service.task_exec_iam_role_policies, {}) : key => arn if local.makes_task_exec_role },
  )

  role       = aws_iam_role.task_exec[0].name
  policy_arn = each.value
}

# What the app itself may do

resource "aws_iam_role" "tasks" {
  count = local.makes_tasks_role ? 1 : 0

  name_prefix        = "${local.tasks_role_name}-"
  assume_role_policy = data.aws_iam_policy_document.assume.json

  tags = var.tags
}

resource "aws_iam_role_policy_attachment" "tasks" {
  for_each = { for key, arn in lookup(var.service, "tasks_iam_role_policies", {}) : key => arn if local.makes_tasks_role }

  role       = aws_iam_role.tasks[0].name
  policy_arn = each.value
}

data "aws_iam_policy_document" "tasks" {
  dynamic "statement" {
    for_each = local.execute_command ? ["ssmmessages"] : []

    content {
      actions = [
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
      ]
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = local.tasks_may

    content {
      sid       = try(statement.value.sid, null)
      effect    = try(statement.value.effect, null)
      actions   = try(statement.value.actions, null)
      resources = try(statement.value.resources, null)
    }
  }
}

resource "aws_iam_role_policy" "tasks" {
  count = local.makes_tasks_role && (local.execute_command || length(local.tasks_may) > 0) ? 1 : 0

  role   = aws_iam_role.tasks[0].name
  policy = data.aws_iam_policy_document.tasks.json
}

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
  name_prefix        = "${var.service.task_exec_iam_role_name}-"
  assume_role_policy = data.aws_iam_policy_document.assume.json
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
    for_each = length(var.service.task_exec_ssm_param_arns) > 0 ? [var.service.task_exec_ssm_param_arns] : []

    content {
      actions   = ["ssm:GetParameters"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(var.service.task_exec_secret_arns) > 0 ? [var.service.task_exec_secret_arns] : []

    content {
      actions   = ["secretsmanager:GetSecretValue"]
      resources = statement.value
    }
  }
}

resource "aws_iam_policy" "task_exec" {
  name_prefix = "${var.service.task_exec_iam_role_name}-"
  policy      = data.aws_iam_policy_document.task_exec.json
}

resource "aws_iam_role_policy_attachment" "task_exec" {
  role       = aws_iam_role.task_exec.name
  policy_arn = aws_iam_policy.task_exec.arn
}

# What the app itself may do

resource "aws_iam_role" "tasks" {
  name_prefix        = "${var.service.tasks_iam_role_name}-"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

data "aws_iam_policy_document" "exec_command" {
  statement {
    actions = [
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_role_policy" "exec_command" {
  count = var.service.enable_execute_command ? 1 : 0

  role   = aws_iam_role.tasks.name
  policy = data.aws_iam_policy_document.exec_command.json
}

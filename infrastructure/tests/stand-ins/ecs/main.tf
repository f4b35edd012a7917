# Stand-in for terraform-aws-modules/ecs/aws: the part of its inputs, outputs and resources that this project uses, for
# tests and rehearsals on a machine that cannot reach the Terraform registry. A deployment to AWS uses the real module.

resource "aws_ecs_cluster" "this" {
  name = var.cluster_name

  dynamic "setting" {
    for_each = var.cluster_settings

    content {
      name  = setting.value.name
      value = setting.value.value
    }
  }

  lifecycle {
    precondition {
      condition     = !var.create_cloudwatch_log_group
      error_message = "The stand-in makes no log group for the cluster."
    }
  }
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = keys(var.fargate_capacity_providers)

  dynamic "default_capacity_provider_strategy" {
    for_each = var.fargate_capacity_providers

    content {
      capacity_provider = default_capacity_provider_strategy.key
      base              = default_capacity_provider_strategy.value.default_capacity_provider_strategy.base
      weight            = default_capacity_provider_strategy.value.default_capacity_provider_strategy.weight
    }
  }
}

module "service" {
  source   = "./service"
  for_each = var.services

  cluster_arn  = aws_ecs_cluster.this.arn
  cluster_name = aws_ecs_cluster.this.name
  service      = each.value
}

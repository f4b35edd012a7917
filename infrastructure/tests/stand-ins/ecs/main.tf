# Stand-in for terraform-aws-modules/ecs/aws, for tests and rehearsals on a machine that cannot reach the Terraform
# registry: a cluster on Fargate and its services. A deployment to AWS uses the real module.

resource "aws_ecs_cluster" "this" {
  name = var.cluster_name

  dynamic "setting" {
    for_each = flatten([var.cluster_settings])

    content {
      name  = setting.value.name
      value = setting.value.value
    }
  }

  tags = var.tags
}

resource "aws_cloudwatch_log_group" "this" {
  count = var.create_cloudwatch_log_group ? 1 : 0

  name              = coalesce(var.cloudwatch_log_group_name, "/aws/ecs/${var.cluster_name}")
  retention_in_days = var.cloudwatch_log_group_retention_in_days

  tags = var.tags
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  count = length(var.fargate_capacity_providers) > 0 ? 1 : 0

  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = [for key, provider in var.fargate_capacity_providers : try(provider.name, key)]

  dynamic "default_capacity_provider_strategy" {
    for_each = var.default_capacity_provider_use_fargate ? var.fargate_capacity_providers : {}
    iterator = provider

    content {
      capacity_provider = try(provider.value.name, provider.key)
      base              = try(provider.value.default_capacity_provider_strategy.base, null)
      weight            = try(provider.value.default_capacity_provider_strategy.weight, null)
    }
  }
}

module "service" {
  source   = "./service"
  for_each = var.services

  cluster_arn  = aws_ecs_cluster.this.arn
  cluster_name = aws_ecs_cluster.this.name
  name         = try(each.value.name, each.key)
  service      = each.value
  tags         = merge(var.tags, try(each.value.tags, {}))
}

locals {
  subnets = lookup(var.service, "subnet_ids", [])
}

resource "aws_ecs_service" "this" {
  name            = var.name
  cluster         = var.cluster_arn
  task_definition = aws_ecs_task_definition.this.arn
  launch_type     = length(try(var.service.capacity_provider_strategy, {})) > 0 ? null : "FARGATE"

  desired_count                      = try(var.service.desired_count, 1)
  deployment_minimum_healthy_percent = try(var.service.deployment_minimum_healthy_percent, 66)
  deployment_maximum_percent         = try(var.service.deployment_maximum_percent, 200)
  health_check_grace_period_seconds  = try(var.service.health_check_grace_period_seconds, null)
  enable_ecs_managed_tags            = try(var.service.enable_ecs_managed_tags, true)
  enable_execute_command             = try(var.service.enable_execute_command, false)
  force_new_deployment               = try(var.service.force_new_deployment, true)
  platform_version                   = try(var.service.platform_version, null)
  propagate_tags                     = try(var.service.propagate_tags, null)
  scheduling_strategy                = "REPLICA"
  triggers                           = try(var.service.triggers, {})
  wait_for_steady_state              = try(var.service.wait_for_steady_state, null)

  dynamic "alarms" {
    for_each = length(try(var.service.alarms, {})) > 0 ? [var.service.alarms] : []

    content {
      alarm_names = alarms.value.alarm_names
      enable      = try(alarms.value.enable, true)
      rollback    = try(alarms.value.rollback, true)
    }
  }

  dynamic "capacity_provider_strategy" {
    for_each = try(var.service.capacity_provider_strategy, {})

    content {
      capacity_provider = capacity_provider_strategy.value.capacity_provider
      base              = try(capacity_provider_strategy.value.base, null)
      weight            = try(capacity_provider_strategy.value.weight, null)
    }
  }

  dynamic "deployment_circuit_breaker" {
    for_each = length(try(var.service.deployment_circuit_breaker, {})) > 0 ? [var.service.deployment_circuit_breaker] : []

    content {
      enable   = deployment_circuit_breaker.value.enable
      rollback = deployment_circuit_breaker.value.rollback
    }
  }

  dynamic "load_balancer" {
    for_each = lookup(var.service, "load_balancer", {})

    content {
      target_group_arn = try(load_balancer.value.target_group_arn, null)
      container_name   = load_balancer.value.container_name
      container_port   = load_balancer.value.container_port
    }
  }

  network_configuration {
    subnets          = local.subnets
    security_groups  = concat(aws_security_group.this[*].id, lookup(var.service, "security_group_ids", []))
    assign_public_ip = try(var.service.assign_public_ip, false)
  }

  tags = var.tags

  lifecycle {
    # Autoscaling owns the count.
    ignore_changes = [desired_count]
  }
}

resource "aws_ecs_task_definition" "this" {
  family                   = try(coalesce(var.service.family), var.name)
  requires_compatibilities = try(var.service.requires_compatibilities, ["FARGATE"])
  network_mode             = try(var.service.network_mode, "awsvpc")
  cpu                      = try(var.service.cpu, 1024)
  memory                   = try(var.service.memory, 2048)
  skip_destroy             = try(var.service.skip_destroy, null)
  execution_role_arn       = local.task_exec_role_arn
  task_role_arn            = local.tasks_role_arn

  container_definitions = jsonencode(values(local.definitions))

  runtime_platform {
    operating_system_family = try(var.service.runtime_platform.operating_system_family, "LINUX")
    cpu_architecture        = try(var.service.runtime_platform.cpu_architecture, "X86_64")
  }

  dynamic "ephemeral_storage" {
    for_each = length(try(var.service.ephemeral_storage, {})) > 0 ? [var.service.ephemeral_storage] : []

    content {
      size_in_gib = ephemeral_storage.value.size_in_gib
    }
  }

  dynamic "volume" {
    for_each = try(var.service.volume, {})

    content {
      name = try(volume.value.name, volume.key)

      dynamic "efs_volume_configuration" {
        for_each = try([volume.value.efs_volume_configuration], [])
        iterator = efs

        content {
          file_system_id     = efs.value.file_system_id
          root_directory     = try(efs.value.root_directory, null)
          transit_encryption = try(efs.value.transit_encryption, null)

          dynamic "authorization_config" {
            for_each = try([efs.value.authorization_config], [])

            content {
              access_point_id = try(authorization_config.value.access_point_id, null)
              iam             = try(authorization_config.value.iam, null)
            }
          }
        }
      }
    }
  }

  tags = var.tags

  # A task that starts before its roles may do what they have to fails to pull its image.
  depends_on = [aws_iam_role_policy_attachment.task_exec, aws_iam_role_policy_attachment.tasks, aws_iam_role_policy.tasks]

  lifecycle {
    create_before_destroy = true
  }
}

# Security group

resource "aws_security_group" "this" {
  count = try(var.service.create_security_group, true) ? 1 : 0

  name_prefix = "${try(coalesce(var.service.security_group_name), var.name)}-"
  description = try(var.service.security_group_description, null)
  vpc_id      = data.aws_subnet.first[0].vpc_id

  tags = var.tags

  lifecycle {
    create_before_destroy = true
  }
}

data "aws_subnet" "first" {
  count = try(var.service.create_security_group, true) ? 1 : 0

  id = local.subnets[0]
}

resource "aws_security_group_rule" "this" {
  for_each = {
    for key, rule in lookup(var.service, "security_group_rules", {}) : key => rule
    if try(var.service.create_security_group, true)
  }

  security_group_id        = aws_security_group.this[0].id
  type                     = each.value.type
  protocol                 = each.value.protocol
  from_port                = each.value.from_port
  to_port                  = each.value.to_port
  description              = lookup(each.value, "description", null)
  cidr_blocks              = lookup(each.value, "cidr_blocks", null)
  ipv6_cidr_blocks         = lookup(each.value, "ipv6_cidr_blocks", null)
  prefix_list_ids          = lookup(each.value, "prefix_list_ids", null)
  self                     = lookup(each.value, "self", null)
  source_security_group_id = lookup(each.value, "source_security_group_id", null)
}

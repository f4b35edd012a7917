locals {
  # As in the real module, both have to be known at plan time: try() of anything unknown is unknown.
  containers = try(var.service.container_definitions, {})
  policies   = try(var.service.autoscaling_policies, {})
  tracked    = { for key, policy in local.policies : key => policy.target_tracking_scaling_policy_configuration }
}

resource "aws_ecs_service" "this" {
  name            = var.service.name
  cluster         = var.cluster_arn
  task_definition = aws_ecs_task_definition.this.arn

  desired_count                      = var.service.desired_count
  deployment_minimum_healthy_percent = var.service.deployment_minimum_healthy_percent
  deployment_maximum_percent         = var.service.deployment_maximum_percent
  health_check_grace_period_seconds  = var.service.health_check_grace_period_seconds
  enable_ecs_managed_tags            = true
  enable_execute_command             = var.service.enable_execute_command
  force_new_deployment               = var.service.force_new_deployment
  propagate_tags                     = var.service.propagate_tags
  triggers                           = var.service.triggers
  wait_for_steady_state              = var.service.wait_for_steady_state

  dynamic "capacity_provider_strategy" {
    for_each = var.service.capacity_provider_strategy

    content {
      capacity_provider = capacity_provider_strategy.value.capacity_provider
      base              = capacity_provider_strategy.value.base
      weight            = capacity_provider_strategy.value.weight
    }
  }

  deployment_circuit_breaker {
    enable   = var.service.deployment_circuit_breaker.enable
    rollback = var.service.deployment_circuit_breaker.rollback
  }

  dynamic "load_balancer" {
    for_each = var.service.load_balancer

    content {
      target_group_arn = load_balancer.value.target_group_arn
      container_name   = load_balancer.value.container_name
      container_port   = load_balancer.value.container_port
    }
  }

  network_configuration {
    assign_public_ip = var.service.assign_public_ip
    security_groups  = [aws_security_group.this.id]
    subnets          = var.service.subnet_ids
  }

  lifecycle {
    # Autoscaling owns the count.
    ignore_changes = [desired_count]
  }
}

# Tasks

data "aws_region" "current" {}

locals {
  definitions = { for name, container in local.containers : name => {
    name                   = name
    image                  = container.image
    essential              = container.essential
    user                   = container.user
    privileged             = false
    readonlyRootFilesystem = container.readonly_root_filesystem
    stopTimeout            = container.stop_timeout
    portMappings           = container.port_mappings
    environment            = container.environment
    healthCheck            = container.health_check
    linuxParameters        = { initProcessEnabled = var.service.enable_execute_command }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this[name].name
        awslogs-region        = data.aws_region.current.name
        awslogs-stream-prefix = "ecs"
      }
    }
    mountPoints    = []
    systemControls = []
    volumesFrom    = []
  } }
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.service.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.service.cpu
  memory                   = var.service.memory
  skip_destroy             = var.service.skip_destroy
  execution_role_arn       = aws_iam_role.task_exec.arn
  task_role_arn            = aws_iam_role.tasks.arn

  container_definitions = jsonencode(values(local.definitions))

  runtime_platform {
    operating_system_family = var.service.runtime_platform.operating_system_family
    cpu_architecture        = var.service.runtime_platform.cpu_architecture
  }

  # A task that starts before its roles may do what they have to fails to pull its image.
  depends_on = [aws_iam_role_policy_attachment.task_exec, aws_iam_role_policy.exec_command]

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = local.containers

  name              = each.value.cloudwatch_log_group_name
  retention_in_days = each.value.cloudwatch_log_group_retention_in_days
}

resource "aws_security_group" "this" {
  name_prefix = "${var.service.security_group_name}-"
  description = var.service.security_group_description
  vpc_id      = data.aws_subnet.first.vpc_id

  lifecycle {
    create_before_destroy = true
  }
}

data "aws_subnet" "first" {
  id = var.service.subnet_ids[0]
}

resource "aws_security_group_rule" "this" {
  for_each = var.service.security_group_rules

  security_group_id        = aws_security_group.this.id
  type                     = each.value.type
  description              = each.value.description
  protocol                 = each.value.protocol
  from_port                = each.value.from_port
  to_port                  = each.value.to_port
  cidr_blocks              = lookup(each.value, "cidr_blocks", null)
  source_security_group_id = lookup(each.value, "source_security_group_id", null)
}

# Autoscaling

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.cluster_name}/${aws_ecs_service.this.name}"
  min_capacity       = var.service.autoscaling_min_capacity
  max_capacity       = var.service.autoscaling_max_capacity
}

resource "aws_appautoscaling_policy" "this" {
  for_each = local.policies

  name               = each.key
  policy_type        = each.value.policy_type
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = local.tracked[each.key].target_value
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = local.tracked[each.key].predefined_metric_specification.predefined_metric_type
    }
  }
}

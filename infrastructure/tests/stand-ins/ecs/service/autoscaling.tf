locals {
  autoscaled = try(var.service.enable_autoscaling, true)

  # As in the real module, it has to be known at plan time: try() of anything unknown is unknown.
  policies = try(var.service.autoscaling_policies, { for key, metric in {
    cpu    = "ECSServiceAverageCPUUtilization"
    memory = "ECSServiceAverageMemoryUtilization"
    } : key => {
    policy_type = "TargetTrackingScaling"
    target_tracking_scaling_policy_configuration = {
      predefined_metric_specification = { predefined_metric_type = metric }
    }
  } })
}

resource "aws_appautoscaling_target" "this" {
  count = local.autoscaled ? 1 : 0

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.cluster_name}/${aws_ecs_service.this.name}"
  min_capacity       = min(try(var.service.autoscaling_min_capacity, 1), try(var.service.desired_count, 1))
  max_capacity       = max(try(var.service.autoscaling_max_capacity, 10), try(var.service.desired_count, 1))
}

resource "aws_appautoscaling_policy" "this" {
  for_each = { for key, policy in local.policies : key => policy if local.autoscaled }

  name               = try(each.value.name, each.key)
  policy_type        = try(each.value.policy_type, "TargetTrackingScaling")
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[0].resource_id

  dynamic "target_tracking_scaling_policy_configuration" {
    for_each = try([each.value.target_tracking_scaling_policy_configuration], [])
    iterator = tracked

    content {
      target_value       = try(tracked.value.target_value, 75)
      disable_scale_in   = try(tracked.value.disable_scale_in, null)
      scale_in_cooldown  = try(tracked.value.scale_in_cooldown, 300)
      scale_out_cooldown = try(tracked.value.scale_out_cooldown, 60)

      predefined_metric_specification {
        predefined_metric_type = tracked.value.predefined_metric_specification.predefined_metric_type
        resource_label         = try(tracked.value.predefined_metric_specification.resource_label, null)
      }
    }
  }
}

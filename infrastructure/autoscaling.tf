# Beside the module and not in it: the module wants its policies known at plan time, and the label of a load balancer
# that is yet to be made is not.
resource "aws_appautoscaling_policy" "requests" {
  name               = "requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = local.scaled.service_namespace
  scalable_dimension = local.scaled.scalable_dimension
  resource_id        = local.scaled.resource_id

  target_tracking_scaling_policy_configuration {
    target_value = var.requests_per_target
    # The module's own choice for the other policy: quick to grow, slow to shrink.
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${module.alb.arn_suffix}/${module.alb.target_groups["app"].arn_suffix}"
    }
  }
}

# Before a rush that is known, autoscaling would come too late; at night it keeps more than is needed.
resource "aws_appautoscaling_scheduled_action" "this" {
  for_each = var.scheduled_scaling

  name               = each.key
  service_namespace  = local.scaled.service_namespace
  scalable_dimension = local.scaled.scalable_dimension
  resource_id        = local.scaled.resource_id
  schedule           = each.value.schedule
  timezone           = each.value.timezone

  scalable_target_action {
    min_capacity = each.value.min_count
    max_capacity = each.value.max_count
  }
}

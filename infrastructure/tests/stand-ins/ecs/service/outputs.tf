output "name" {
  description = "Name of the service."
  value       = aws_ecs_service.this.name
}

output "container_definitions" {
  description = "Containers by name, with their definition and log group."
  value = { for name, group in aws_cloudwatch_log_group.this : name => {
    container_definition      = local.definitions[name]
    cloudwatch_log_group_name = group.name
  } }
}

output "autoscaling_policies" {
  description = "Autoscaling policies by key, with all their attributes."
  value       = aws_appautoscaling_policy.this
}

output "security_group_id" {
  description = "ID of the tasks' security group."
  value       = aws_security_group.this.id
}

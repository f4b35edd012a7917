output "id" {
  description = "ARN of the service."
  value       = aws_ecs_service.this.id
}

output "name" {
  description = "Name of the service."
  value       = aws_ecs_service.this.name
}

output "container_definitions" {
  description = "Containers by name, with their definition and log group."
  value = { for key, definition in local.definitions : key => {
    container_definition      = definition
    cloudwatch_log_group_name = try(aws_cloudwatch_log_group.this[key].name, null)
    cloudwatch_log_group_arn  = try(aws_cloudwatch_log_group.this[key].arn, null)
  } }
}

output "autoscaling_policies" {
  description = "Autoscaling policies by key, with all their attributes."
  value       = aws_appautoscaling_policy.this
}

output "security_group_id" {
  description = "ID of the tasks' security group."
  value       = one(aws_security_group.this[*].id)
}

output "task_definition_arn" {
  description = "ARN of the task definition."
  value       = aws_ecs_task_definition.this.arn
}

output "task_definition_family_revision" {
  description = "Family and revision that the service is told to run."
  value       = "${aws_ecs_task_definition.this.family}:${aws_ecs_task_definition.this.revision}"
}

output "task_definition_family" {
  description = "Family of the task definition."
  value       = aws_ecs_task_definition.this.family
}

output "task_definition_revision" {
  description = "Revision of the task definition."
  value       = aws_ecs_task_definition.this.revision
}

output "task_exec_iam_role_arn" {
  description = "ARN of the role with which ECS starts tasks."
  value       = local.task_exec_role_arn
}

output "tasks_iam_role_arn" {
  description = "ARN of the app's role."
  value       = local.tasks_role_arn
}

output "tasks_iam_role_name" {
  description = "Name of the app's role."
  value       = one(aws_iam_role.tasks[*].name)
}

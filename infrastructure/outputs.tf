output "alb_url" {
  description = "Address of the app at the load balancer."
  value       = "${local.protocol}://${module.alb.dns_name}"
}

output "region" {
  description = "AWS region that everything runs in."
  value       = var.region
}

output "cluster_name" {
  description = "Name of the ECS cluster."
  value       = module.ecs.cluster_name
}

output "service_name" {
  description = "Name of the ECS service."
  value       = module.ecs.services["app"].name
}

output "container_name" {
  description = "Name of the app's container in a task."
  value       = local.container_name
}

output "repository_url" {
  description = "Address of the ECR repository."
  value       = data.aws_ecr_repository.this.repository_url
}

output "image" {
  description = "Image that the task definition names."
  value       = local.image
}

output "log_group_name" {
  description = "CloudWatch log group of the app."
  value       = module.ecs.services["app"].container_definitions[local.container_name].cloudwatch_log_group_name
}

output "target_group_arn" {
  description = "ARN of the target group that the tasks are registered in."
  value       = module.alb.target_groups["app"].arn
}

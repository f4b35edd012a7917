output "alb_url" {
  description = "Address of the app at the load balancer."
  value       = local.https ? "https://${var.domain_name}" : "http://${module.alb.dns_name}"
}

output "alb_dns_name" {
  description = "DNS name of the load balancer, which a record of the domain name has to lead to."
  value       = module.alb.dns_name
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

output "service_arn" {
  description = "ARN of the ECS service."
  value       = module.ecs.services["app"].id
}

output "task_definition_arn" {
  description = "ARN of the task definition that the service is told to run."
  value       = local.task_definition_arn
}

output "container_name" {
  description = "Name of the app's container in a task."
  value       = local.container_name
}

output "repository_url" {
  description = "Address of the ECR repository."
  value       = local.repository_url
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

output "health_check_path" {
  description = "Path that the load balancer asks whether a task is healthy."
  value       = var.health_check_path
}

output "alarm_topic_arn" {
  description = "SNS topic that alarms and failed deployments go to; null without alarms."
  value       = var.alarms ? local.topic_arn : null
}

output "dashboard_url" {
  description = "Address of the dashboard; null without one."
  value = one([
    for dashboard in aws_cloudwatch_dashboard.this :
    "https://${var.region}.console.aws.amazon.com/cloudwatch/home?region=${var.region}#dashboards/dashboard/${dashboard.dashboard_name}"
  ])
}

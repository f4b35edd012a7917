output "id" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.id
}

output "arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "zone_id" {
  description = "Route 53 zone of the load balancer's DNS name."
  value       = aws_lb.this.zone_id
}

output "dns_name" {
  description = "DNS name of the load balancer."
  value       = aws_lb.this.dns_name
}

output "arn_suffix" {
  description = "ARN suffix of the load balancer, as CloudWatch names it."
  value       = aws_lb.this.arn_suffix
}

output "listeners" {
  description = "Listeners by key, with all their attributes."
  value       = aws_lb_listener.this
}

output "target_groups" {
  description = "Target groups by key, with all their attributes."
  value       = aws_lb_target_group.this
}

output "security_group_id" {
  description = "ID of the security group."
  value       = one(aws_security_group.this[*].id)
}

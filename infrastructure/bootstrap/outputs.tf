output "state_bucket" {
  description = "Name of the bucket for s3.tfbackend."
  value       = aws_s3_bucket.state.bucket
}

output "repository_name" {
  description = "Name of the ECR repository, for repository_name in input.auto.tfvars."
  value       = aws_ecr_repository.this.name
}

output "repository_url" {
  description = "Address of the ECR repository."
  value       = aws_ecr_repository.this.repository_url
}

output "github_role_arns" {
  description = "ARNs of the roles that GitHub's workflows assume, by what they are for."
  value       = { for role, made in aws_iam_role.github : role => made.arn }
}

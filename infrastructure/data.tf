data "aws_caller_identity" "this" {}

# Zones of the region itself that run Fargate: local and wavelength zones have to be opted into and do not.
data "aws_availability_zones" "this" {
  state = "available"

  # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate-Regions.html
  exclude_zone_ids = ["apne1-az3", "cnn1-az3", "use1-az3", "usw1-az2"]

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }

  lifecycle {
    postcondition {
      condition     = length(self.names) >= var.zone_count
      error_message = "Only ${length(self.names)} zones of ${var.region} run Fargate: lower zone_count, or change region."
    }
  }
}

# The repository outlives every environment, so it is read and not made here.
data "aws_ecr_repository" "this" {
  name = var.repository_name
}

# For people who run plain terraform, to which a service that ECS rolled back is as steady as any. It is read after the
# service, so it tells of a rollback where the apply waited for one (wait_for_steady_state).
# tflint-ignore: terraform_unused_declarations # Its postcondition is its use.
data "aws_ecs_service" "this" {
  cluster_arn  = module.ecs.cluster_arn
  service_name = module.ecs.services["app"].name

  lifecycle {
    postcondition {
      condition = self.task_definition == local.task_definition_arn
      error_message = join(" ", [
        "ECS rolled the deployment back: ${self.task_definition} serves, not ${local.task_definition_arn}.",
        "The service's events and the log group ${local.log_group_name} say why. Then deploy another image.",
      ])
    }
  }

  # Without it a plan would read the service before the apply changes it.
  depends_on = [module.ecs]
}

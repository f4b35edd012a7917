locals {
  name           = "${var.name}-${var.env}"
  container_name = "app"
  log_group_name = "/ecs/${local.name}/app"
  repository_url = data.aws_ecr_repository.this.repository_url
  image = (
    var.image_digest == null
    ? "${local.repository_url}:${var.image_tag}"
    : "${local.repository_url}@${var.image_digest}"
  )

  tags = merge(var.tags, {
    Project     = var.name
    Environment = var.env
    ManagedBy   = "terraform"
  })

  # Sixteen equal blocks: the first eight for private subnets, the others for public ones.
  zones           = slice(data.aws_availability_zones.this.names, 0, var.zone_count)
  private_subnets = [for index in range(var.zone_count) : cidrsubnet(var.vpc_cidr, 4, index)]
  public_subnets  = [for index in range(var.zone_count) : cidrsubnet(var.vpc_cidr, 4, index + 8)]

  flow_logs_to_s3 = var.flow_logs && var.flow_logs_destination == "s3"

  # All options of the log driver, because the module replaces its own by these.
  log_options = merge({
    awslogs-group         = local.log_group_name
    awslogs-region        = var.region
    awslogs-stream-prefix = "ecs"
    mode                  = var.log_mode
  }, var.log_mode == "non-blocking" ? { max-buffer-size = "25m" } : {})

  # By way of the rules, so that the service waits for them.
  task_security_group_ids = distinct([
    aws_vpc_security_group_ingress_rule.from_alb.security_group_id,
    aws_vpc_security_group_egress_rule.to_https.security_group_id,
  ])

  # That of the revision that the service is told to run: the module prefers a newer one of other hands to its own.
  task_definition_arn = join("/", [
    dirname(module.ecs.services["app"].task_definition_arn),
    module.ecs.services["app"].task_definition_family_revision,
  ])

  # What autoscaling scales: the module's output makes what refers to it wait for the service and its scalable target.
  scaled = module.ecs.services["app"].autoscaling_policies["cpu"]
}

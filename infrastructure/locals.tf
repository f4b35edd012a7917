locals {
  name           = "${var.name}-${var.env}"
  container_name = "app"
  image          = "${data.aws_ecr_repository.this.repository_url}:${var.image_tag}"

  tags = merge(var.tags, {
    Project     = var.name
    Environment = var.env
    ManagedBy   = "terraform"
  })

  # Sixteen equal blocks: the first eight for private subnets, the others for public ones.
  zones           = slice(data.aws_availability_zones.this.names, 0, var.zone_count)
  private_subnets = [for index in range(var.zone_count) : cidrsubnet(var.vpc_cidr, 4, index)]
  public_subnets  = [for index in range(var.zone_count) : cidrsubnet(var.vpc_cidr, 4, index + 8)]

  https    = var.certificate_arn != ""
  protocol = local.https ? "https" : "http"

  # What autoscaling scales: the module's output makes what refers to it wait for the service and its scalable target.
  scaled = module.ecs.services["app"].autoscaling_policies["cpu"]
}

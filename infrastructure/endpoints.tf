# Free, and the layers of ECR's images come from S3: without it the NAT gateways would be paid for every pull.
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = module.vpc.vpc_id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${var.region}.s3"
  route_table_ids   = module.vpc.private_route_table_ids

  tags = { Name = "${local.name}-s3" }
}

# What ECS calls for a task, past the NAT gateways: a task starts though they are down.
resource "aws_vpc_endpoint" "interface" {
  for_each = toset(var.interface_endpoints ? concat(
    ["ecr.api", "ecr.dkr", "logs"],
    var.enable_execute_command ? ["ssmmessages"] : [],
    length(local.parameter_arns) > 0 ? ["ssm"] : [],
    length(local.secret_arns) > 0 ? ["secretsmanager"] : [],
  ) : [])

  vpc_id              = module.vpc.vpc_id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  subnet_ids          = module.vpc.private_subnets
  security_group_ids  = [aws_security_group.endpoints[0].id]
  private_dns_enabled = true

  tags = { Name = "${local.name}-${each.key}" }
}

resource "aws_security_group" "endpoints" {
  count = var.interface_endpoints ? 1 : 0

  name_prefix = "${local.name}-endpoints-"
  description = "Endpoints of AWS APIs for ${local.name}"
  vpc_id      = module.vpc.vpc_id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  count = var.interface_endpoints ? 1 : 0

  security_group_id            = aws_security_group.endpoints[0].id
  description                  = "HTTPS from the tasks"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.tasks.id
}

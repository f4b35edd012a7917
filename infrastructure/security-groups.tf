# The tasks' group is not the module's: its rules and the load balancer's name each other's groups.
resource "aws_security_group" "tasks" {
  name_prefix = "${local.name}-app-"
  description = "Tasks of ${local.name}"
  vpc_id      = module.vpc.vpc_id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "from_alb" {
  security_group_id            = aws_security_group.tasks.id
  description                  = "From the load balancer"
  ip_protocol                  = "tcp"
  from_port                    = var.container_port
  to_port                      = var.container_port
  referenced_security_group_id = module.alb.security_group_id
}

#tfsec:ignore:aws-ec2-no-public-egress-sgr HTTPS alone, to AWS's APIs at public addresses
resource "aws_vpc_security_group_egress_rule" "to_https" {
  security_group_id = aws_security_group.tasks.id
  description       = "HTTPS to ECR, CloudWatch Logs and other AWS APIs"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

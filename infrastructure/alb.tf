#tfsec:ignore:aws-elb-alb-not-public The app is there for the public
#tfsec:ignore:aws-elb-http-not-used HTTPS needs certificate_arn; HTTP then only redirects to it
module "alb" {
  source  = "terraform-aws-modules/alb/aws"
  version = "9.17.0"

  name    = local.name
  vpc_id  = module.vpc.vpc_id
  subnets = module.vpc.public_subnets

  drop_invalid_header_fields = true
  enable_deletion_protection = var.deletion_protection
  # The app keeps idle connections for 65 s, longer than this, so that it never closes one under a request.
  idle_timeout = 60

  access_logs = { for key, value in {
    bucket = local.log_bucket
    prefix = "alb"
  } : key => value if var.access_logs }

  security_group_name = "${local.name}-alb"
  security_group_ingress_rules = { for protocol, port in { http = 80, https = 443 } : protocol => {
    description = "${upper(protocol)} from everywhere"
    ip_protocol = "tcp"
    from_port   = port
    to_port     = port
    cidr_ipv4   = "0.0.0.0/0"
  } if protocol == "http" || local.https }
  security_group_egress_rules = {
    app = {
      description                  = "To the tasks"
      ip_protocol                  = "tcp"
      from_port                    = var.container_port
      to_port                      = var.container_port
      referenced_security_group_id = aws_security_group.tasks.id
    }
  }

  # With HTTPS or without, the listener on port 80 keeps its key and changes its action in place: there is no moment for
  # a second one on the same port.
  listeners = { for choice in [
    {
      key      = "http"
      when     = !local.https
      listener = { port = 80, protocol = "HTTP", forward = { target_group_key = "app" } }
    },
    {
      key  = "http"
      when = local.https
      listener = {
        port     = 80
        protocol = "HTTP"
        redirect = { port = "443", protocol = "HTTPS", status_code = "HTTP_301" }
      }
    },
    {
      key  = "https"
      when = local.https
      listener = {
        port            = 443
        protocol        = "HTTPS"
        ssl_policy      = "ELBSecurityPolicy-TLS13-1-2-2021-06"
        certificate_arn = local.certificate_arn
        forward         = { target_group_key = "app" }
      }
    },
  ] : choice.key => choice.listener if choice.when }

  target_groups = {
    app = {
      # The port is part of the name, because a target group with another port has to exist beside the old one.
      name        = "${local.name}-${var.container_port}"
      port        = var.container_port
      protocol    = "HTTP"
      target_type = "ip"
      # ECS registers the tasks.
      create_attachment    = false
      deregistration_delay = 15
      health_check = {
        path                = var.health_check_path
        matcher             = "200"
        interval            = 5
        timeout             = 3
        healthy_threshold   = 2
        unhealthy_threshold = 2
      }
    }
  }
}

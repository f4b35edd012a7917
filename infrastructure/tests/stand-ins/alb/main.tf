# Stand-in for terraform-aws-modules/alb/aws, for tests and rehearsals on a machine that cannot reach the Terraform
# registry: an application load balancer with a security group, listeners and target groups. A deployment to AWS uses the
# real module.

locals {
  security_group_name = try(coalesce(var.security_group_name, var.name, var.name_prefix), "")
}

resource "aws_lb" "this" {
  name                             = var.name
  name_prefix                      = var.name_prefix
  internal                         = var.internal
  load_balancer_type               = var.load_balancer_type
  subnets                          = var.subnets
  security_groups                  = concat(aws_security_group.this[*].id, var.security_groups)
  drop_invalid_header_fields       = var.drop_invalid_header_fields
  enable_cross_zone_load_balancing = var.enable_cross_zone_load_balancing
  enable_deletion_protection       = var.enable_deletion_protection
  idle_timeout                     = var.idle_timeout
  tags                             = var.tags

  dynamic "access_logs" {
    for_each = length(var.access_logs) > 0 ? [var.access_logs] : []

    content {
      bucket  = access_logs.value.bucket
      prefix  = try(access_logs.value.prefix, null)
      enabled = try(access_logs.value.enabled, true)
    }
  }
}

resource "aws_lb_listener" "this" {
  for_each = var.listeners

  load_balancer_arn = aws_lb.this.arn
  port              = try(each.value.port, var.default_port)
  protocol          = try(each.value.protocol, var.default_protocol)
  certificate_arn   = try(each.value.certificate_arn, null)
  ssl_policy = try(
    each.value.ssl_policy,
    each.value.protocol == "HTTPS" ? "ELBSecurityPolicy-TLS13-1-2-Res-2021-06" : null,
    null,
  )

  dynamic "default_action" {
    for_each = try([each.value.forward], [])

    content {
      type = "forward"
      target_group_arn = try(
        default_action.value.arn,
        aws_lb_target_group.this[default_action.value.target_group_key].arn,
      )
    }
  }

  dynamic "default_action" {
    for_each = try([each.value.redirect], [])

    content {
      type = "redirect"

      redirect {
        host        = try(default_action.value.host, null)
        path        = try(default_action.value.path, null)
        port        = try(default_action.value.port, null)
        protocol    = try(default_action.value.protocol, null)
        query       = try(default_action.value.query, null)
        status_code = default_action.value.status_code
      }
    }
  }

  dynamic "default_action" {
    for_each = try([each.value.fixed_response], [])

    content {
      type = "fixed-response"

      fixed_response {
        content_type = default_action.value.content_type
        message_body = try(default_action.value.message_body, null)
        status_code  = try(default_action.value.status_code, null)
      }
    }
  }

  tags = var.tags
}

resource "aws_lb_target_group" "this" {
  for_each = var.target_groups

  name                 = try(each.value.name, null)
  name_prefix          = try(each.value.name_prefix, null)
  vpc_id               = try(each.value.vpc_id, var.vpc_id)
  port                 = try(each.value.port, var.default_port)
  protocol             = try(each.value.protocol, var.default_protocol)
  target_type          = try(each.value.target_type, null)
  deregistration_delay = try(each.value.deregistration_delay, null)
  slow_start           = try(each.value.slow_start, null)

  dynamic "health_check" {
    for_each = try([each.value.health_check], [])

    content {
      enabled             = try(health_check.value.enabled, null)
      path                = try(health_check.value.path, null)
      port                = try(health_check.value.port, null)
      protocol            = try(health_check.value.protocol, null)
      matcher             = try(health_check.value.matcher, null)
      interval            = try(health_check.value.interval, null)
      timeout             = try(health_check.value.timeout, null)
      healthy_threshold   = try(health_check.value.healthy_threshold, null)
      unhealthy_threshold = try(health_check.value.unhealthy_threshold, null)
    }
  }

  dynamic "stickiness" {
    for_each = try([each.value.stickiness], [])

    content {
      type            = stickiness.value.type
      enabled         = try(stickiness.value.enabled, true)
      cookie_duration = try(stickiness.value.cookie_duration, null)
      cookie_name     = try(stickiness.value.cookie_name, null)
    }
  }

  tags = var.tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_target_group_attachment" "this" {
  for_each = { for key, group in var.target_groups : key => group if lookup(group, "create_attachment", true) }

  target_group_arn = aws_lb_target_group.this[each.key].arn
  target_id        = each.value.target_id
  port             = try(each.value.port, var.default_port)
}

resource "aws_security_group" "this" {
  count = var.create_security_group ? 1 : 0

  name        = var.security_group_use_name_prefix ? null : local.security_group_name
  name_prefix = var.security_group_use_name_prefix ? "${local.security_group_name}-" : null
  description = coalesce(var.security_group_description, "Load balancer ${local.security_group_name}")
  vpc_id      = var.vpc_id

  tags = var.tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = { for key, rule in var.security_group_ingress_rules : key => rule if var.create_security_group }

  security_group_id            = aws_security_group.this[0].id
  description                  = try(each.value.description, null)
  ip_protocol                  = try(each.value.ip_protocol, "tcp")
  from_port                    = try(each.value.from_port, null)
  to_port                      = try(each.value.to_port, null)
  cidr_ipv4                    = lookup(each.value, "cidr_ipv4", null)
  cidr_ipv6                    = lookup(each.value, "cidr_ipv6", null)
  prefix_list_id               = lookup(each.value, "prefix_list_id", null)
  referenced_security_group_id = lookup(each.value, "referenced_security_group_id", null)
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = { for key, rule in var.security_group_egress_rules : key => rule if var.create_security_group }

  security_group_id            = aws_security_group.this[0].id
  description                  = try(each.value.description, null)
  ip_protocol                  = try(each.value.ip_protocol, "tcp")
  from_port                    = try(each.value.from_port, null)
  to_port                      = try(each.value.to_port, null)
  cidr_ipv4                    = lookup(each.value, "cidr_ipv4", null)
  cidr_ipv6                    = lookup(each.value, "cidr_ipv6", null)
  prefix_list_id               = lookup(each.value, "prefix_list_id", null)
  referenced_security_group_id = lookup(each.value, "referenced_security_group_id", null)
}

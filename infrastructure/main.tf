#tfsec:ignore:aws-ec2-require-vpc-flow-logs-for-all-vpcs On unless flow_logs is false
#tfsec:ignore:aws-cloudwatch-log-group-customer-key It has a key of CloudWatch's and holds no content
module "vpc" {
  source  = "terraform-aws-modules/vpc/aws"
  version = "5.21.0"

  name            = local.name
  cidr            = var.vpc_cidr
  azs             = local.zones
  private_subnets = local.private_subnets
  public_subnets  = local.public_subnets

  enable_nat_gateway     = true
  single_nat_gateway     = var.single_nat_gateway
  one_nat_gateway_per_az = !var.single_nat_gateway

  # Without rules the default security group lets nothing in or out, so that nothing can use it by accident.
  manage_default_security_group  = true
  default_security_group_ingress = []
  default_security_group_egress  = []

  # The default network ACL and route table stay as AWS made them: nothing uses them.
  manage_default_network_acl = false
  manage_default_route_table = false

  enable_flow_log                                 = var.flow_logs
  create_flow_log_cloudwatch_iam_role             = var.flow_logs
  create_flow_log_cloudwatch_log_group            = var.flow_logs
  flow_log_cloudwatch_log_group_retention_in_days = var.log_retention_days
  vpc_flow_log_iam_role_name                      = "${local.name}-flow-log"
  vpc_flow_log_iam_policy_name                    = "${local.name}-flow-log"
}

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
      description = "To the tasks"
      ip_protocol = "tcp"
      from_port   = var.container_port
      to_port     = var.container_port
      cidr_ipv4   = var.vpc_cidr
    }
  }

  listeners = { for key, listener in {
    http = {
      port     = 80
      protocol = "HTTP"
      forward  = { target_group_key = "app" }
    }
    http_to_https = {
      port     = 80
      protocol = "HTTP"
      redirect = { port = "443", protocol = "HTTPS", status_code = "HTTP_301" }
    }
    https = {
      port            = 443
      protocol        = "HTTPS"
      ssl_policy      = "ELBSecurityPolicy-TLS13-1-2-2021-06"
      certificate_arn = var.certificate_arn
      forward         = { target_group_key = "app" }
    }
  } : key => listener if(key == "http") != local.https }

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
        path                = "/healthz"
        matcher             = "200"
        interval            = 5
        timeout             = 3
        healthy_threshold   = 2
        unhealthy_threshold = 2
      }
    }
  }
}

#tfsec:ignore:aws-ec2-no-public-egress-sgr HTTPS alone, to AWS's APIs at public addresses
#tfsec:ignore:aws-iam-no-policy-wildcards Pulling images and writing logs, no more
module "ecs" {
  source  = "terraform-aws-modules/ecs/aws"
  version = "5.12.1"

  cluster_name     = local.name
  cluster_settings = [{ name = "containerInsights", value = var.container_insights }]
  # The app has a log group of its own; the cluster's would stay empty.
  create_cloudwatch_log_group = false

  fargate_capacity_providers = {
    FARGATE      = { default_capacity_provider_strategy = { base = var.fargate_base, weight = var.fargate_weight } }
    FARGATE_SPOT = { default_capacity_provider_strategy = { base = 0, weight = var.fargate_spot_weight } }
  }

  services = {
    app = {
      name = local.name

      cpu              = var.cpu
      memory           = var.memory
      runtime_platform = { operating_system_family = "LINUX", cpu_architecture = var.cpu_architecture }
      # Old revisions stay registered, so that there is something to roll back to.
      skip_destroy = true

      capacity_provider_strategy = {
        fargate      = { capacity_provider = "FARGATE", base = var.fargate_base, weight = var.fargate_weight }
        fargate_spot = { capacity_provider = "FARGATE_SPOT", base = 0, weight = var.fargate_spot_weight }
      }

      # The module ignores later changes of the count, so an apply leaves what autoscaling has decided.
      desired_count                      = var.desired_count
      deployment_minimum_healthy_percent = 100
      deployment_maximum_percent         = 200
      deployment_circuit_breaker         = { enable = true, rollback = true }
      health_check_grace_period_seconds  = var.health_check_grace_period_seconds
      wait_for_steady_state              = var.wait_for_steady_state
      enable_execute_command             = var.enable_execute_command
      propagate_tags                     = "SERVICE"
      # A change of the capacity providers' weights is then a new deployment instead of a new service.
      force_new_deployment = true
      # Makes the service wait until its tasks can be reached and can reach ECR: the first start needs both. Values that
      # are known before the apply, because the provider cannot update a service whose triggers are not.
      triggers = {
        listeners = join(",", keys(module.alb.listeners))
        egress    = tostring(length(module.vpc.private_nat_gateway_route_ids))
      }

      subnet_ids       = module.vpc.private_subnets
      assign_public_ip = false

      security_group_name        = "${local.name}-app"
      security_group_description = "Tasks of ${local.name}"
      security_group_rules = {
        from_alb = {
          type                     = "ingress"
          description              = "From the load balancer"
          protocol                 = "tcp"
          from_port                = var.container_port
          to_port                  = var.container_port
          source_security_group_id = module.alb.security_group_id
        }
        to_https = {
          type        = "egress"
          description = "HTTPS to ECR, CloudWatch Logs and other AWS APIs"
          protocol    = "tcp"
          from_port   = 443
          to_port     = 443
          cidr_blocks = ["0.0.0.0/0"]
        }
      }

      load_balancer = {
        app = {
          target_group_arn = module.alb.target_groups["app"].arn
          container_name   = local.container_name
          container_port   = var.container_port
        }
      }

      task_exec_iam_role_name = "${local.name}-exec"
      tasks_iam_role_name     = "${local.name}-task"
      # The app takes no secrets; by default the module would let the tasks be given all of the account's.
      task_exec_ssm_param_arns = []
      task_exec_secret_arns    = []

      container_definitions = {
        (local.container_name) = {
          image                    = local.image
          essential                = true
          user                     = "1000:1000"
          readonly_root_filesystem = !var.enable_execute_command
          stop_timeout             = 30

          port_mappings = [
            { name = "http", containerPort = var.container_port, hostPort = var.container_port, protocol = "tcp" },
          ]
          environment = [
            { name = "APP_ENV", value = var.env },
            { name = "AWS_REGION", value = var.region },
            { name = "IMAGE_TAG", value = var.image_tag },
            { name = "PORT", value = tostring(var.container_port) },
          ]
          # A deployment waits for each task's first check, so the interval, ECS's shortest, is part of its time.
          health_check = {
            command     = ["CMD", "/usr/local/bin/node", "/app/healthcheck.js"]
            interval    = 5
            timeout     = 5
            retries     = 3
            startPeriod = 10
          }

          cloudwatch_log_group_name              = "/ecs/${local.name}/app"
          cloudwatch_log_group_retention_in_days = var.log_retention_days
        }
      }

      autoscaling_min_capacity = var.min_count
      autoscaling_max_capacity = var.max_count
      autoscaling_policies = {
        cpu = {
          policy_type = "TargetTrackingScaling"
          target_tracking_scaling_policy_configuration = {
            target_value                    = var.cpu_target_percent
            predefined_metric_specification = { predefined_metric_type = "ECSServiceAverageCPUUtilization" }
          }
        }
      }
    }
  }
}

# Beside the module and not in it: the module wants its policies known at plan time, and the label of a load balancer
# that is yet to be made is not.
resource "aws_appautoscaling_policy" "requests" {
  name               = "requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = local.scaled.service_namespace
  scalable_dimension = local.scaled.scalable_dimension
  resource_id        = local.scaled.resource_id

  target_tracking_scaling_policy_configuration {
    target_value = var.requests_per_target
    # The module's own choice for the other policy: quick to grow, slow to shrink.
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${module.alb.arn_suffix}/${module.alb.target_groups["app"].arn_suffix}"
    }
  }
}

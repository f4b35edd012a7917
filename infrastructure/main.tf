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
      alarms                             = local.deployment_alarms
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

      create_security_group = false
      security_group_ids    = local.task_security_group_ids

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
          user                     = var.container_user
          readonly_root_filesystem = var.readonly_root_filesystem && !var.enable_execute_command
          stop_timeout             = 30

          port_mappings = [
            { name = "http", containerPort = var.container_port, hostPort = var.container_port, protocol = "tcp" },
          ]
          environment = concat([
            { name = "APP_ENV", value = var.env },
            { name = "AWS_REGION", value = var.region },
            { name = "IMAGE_TAG", value = var.image_tag },
            { name = "PORT", value = tostring(var.container_port) },
          ], [for commit in var.image_commit[*] : { name = "IMAGE_COMMIT", value = commit }])
          # A deployment waits for each task's first check, so the interval, ECS's shortest, is part of its time.
          health_check = { for key, value in {
            command     = var.container_health_check
            interval    = 5
            timeout     = 5
            retries     = 3
            startPeriod = 10
          } : key => value if var.container_health_check != null }

          # All options, because the module replaces its own by these.
          log_configuration = {
            logDriver = "awslogs"
            options = merge({
              awslogs-group         = local.log_group_name
              awslogs-region        = var.region
              awslogs-stream-prefix = "ecs"
              mode                  = var.log_mode
            }, var.log_mode == "non-blocking" ? { max-buffer-size = "25m" } : {})
          }
          cloudwatch_log_group_name              = local.log_group_name
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

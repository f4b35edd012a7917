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
      # Exactly these: by default the module would let the tasks be given all secrets of the account.
      task_exec_ssm_param_arns  = local.parameter_arns
      task_exec_secret_arns     = local.secret_arns
      task_exec_iam_statements  = local.secret_key_statements
      tasks_iam_role_statements = local.efs_statements

      volume = local.volumes

      container_definitions = merge(local.sidecars, { (local.container_name) = local.container })

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

# The app's container.

locals {
  container = {
    image                    = local.image
    essential                = true
    user                     = var.container_user
    readonly_root_filesystem = var.readonly_root_filesystem && (!var.enable_execute_command || var.writable_tmp)
    stop_timeout             = 30

    port_mappings = [
      { name = "http", containerPort = var.container_port, hostPort = var.container_port, protocol = "tcp" },
    ]
    environment = concat([
      { name = "APP_ENV", value = var.env },
      { name = "AWS_REGION", value = var.region },
      { name = "IMAGE_TAG", value = var.image_tag },
      { name = "PORT", value = tostring(var.container_port) },
      ],
      [for commit in var.image_commit[*] : { name = "IMAGE_COMMIT", value = commit }],
      # On the task's loopback address: a sidecar reaches it, the load balancer does not.
      [for port in var.metrics_port[*] : { name = "METRICS_PORT", value = tostring(port) }],
    )
    secrets      = [for name, arn in var.secrets : { name = name, valueFrom = arn }]
    mount_points = local.mount_points
    dependencies = local.started_before_app
    # A deployment waits for each task's first check, so the interval, ECS's shortest, is part of its time.
    health_check = { for key, value in {
      command     = var.container_health_check
      interval    = 5
      timeout     = 5
      retries     = 3
      startPeriod = 10
    } : key => value if var.container_health_check != null }

    log_configuration                      = { logDriver = "awslogs", options = local.log_options }
    cloudwatch_log_group_name              = local.log_group_name
    cloudwatch_log_group_retention_in_days = var.log_retention_days
  }
}

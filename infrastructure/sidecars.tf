# Containers beside the app's in every task, each with a log group of its own.

locals {
  sidecars = { for name, sidecar in var.sidecars : name => {
    image                    = sidecar.image
    essential                = sidecar.essential
    command                  = sidecar.command
    cpu                      = sidecar.cpu
    memory                   = sidecar.memory
    user                     = sidecar.user
    readonly_root_filesystem = sidecar.readonly_root_filesystem
    stop_timeout             = 30

    port_mappings = [for port in sidecar.ports : { containerPort = port, hostPort = port, protocol = "tcp" }]
    environment   = [for key, value in sidecar.environment : { name = key, value = value }]
    mount_points  = []

    log_configuration = {
      logDriver = "awslogs"
      options   = merge(local.log_options, { awslogs-group = "/ecs/${local.name}/${name}" })
    }
    cloudwatch_log_group_name              = "/ecs/${local.name}/${name}"
    cloudwatch_log_group_retention_in_days = var.log_retention_days
  } }

  # ECS stops containers in the reverse order, so these outlive the app, too.
  started_before_app = [for name, sidecar in var.sidecars : { containerName = name, condition = "START" } if sidecar.start_before_app]
}

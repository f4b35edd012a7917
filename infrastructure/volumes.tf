# What tasks may write to, and a file system that outlives them.

locals {
  # ECS Exec's agent runs in the container and writes there; with these it does without a writable root.
  exec_paths = ["/managed-agents", "/var/lib/amazon/ssm", "/var/log/amazon/ssm"]
  writable_paths = { for path in concat(["/tmp"], var.enable_execute_command ? local.exec_paths : []) :
    replace(trimprefix(path, "/"), "/", "-") => path if var.writable_tmp
  }

  volumes = merge(
    { for name in keys(local.writable_paths) : name => {} },
    { for efs in aws_efs_file_system.this : "efs" => {
      efs_volume_configuration = {
        file_system_id     = efs.id
        transit_encryption = "ENABLED"
        authorization_config = {
          access_point_id = aws_efs_access_point.this[0].id
          iam             = "ENABLED"
        }
      }
    } },
  )

  mount_points = concat(
    [for name, path in local.writable_paths : { sourceVolume = name, containerPath = path, readOnly = false }],
    [for path in var.efs_path[*] : { sourceVolume = "efs", containerPath = path, readOnly = false }],
  )

  efs_statements = { for efs in aws_efs_file_system.this : "efs" => {
    actions   = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
    resources = [efs.arn]
  } }
}

resource "aws_efs_file_system" "this" {
  count = var.efs_path != null ? 1 : 0

  encrypted = true

  lifecycle_policy {
    transition_to_ia = "AFTER_30_DAYS"
  }

  tags = { Name = local.name }
}

resource "aws_efs_mount_target" "this" {
  count = var.efs_path != null ? var.zone_count : 0

  file_system_id  = aws_efs_file_system.this[0].id
  subnet_id       = module.vpc.private_subnets[count.index]
  security_groups = [aws_security_group.efs[0].id]
}

# Whatever the app's user, files belong to this one.
resource "aws_efs_access_point" "this" {
  count = var.efs_path != null ? 1 : 0

  file_system_id = aws_efs_file_system.this[0].id

  posix_user {
    uid = 1000
    gid = 1000
  }

  root_directory {
    path = "/${var.name}"

    creation_info {
      owner_uid   = 1000
      owner_gid   = 1000
      permissions = "750"
    }
  }

  # By way of the mount targets, so that no task starts before it can mount.
  depends_on = [aws_efs_mount_target.this, aws_vpc_security_group_ingress_rule.efs, aws_vpc_security_group_egress_rule.to_efs]
}

resource "aws_security_group" "efs" {
  count = var.efs_path != null ? 1 : 0

  name_prefix = "${local.name}-efs-"
  description = "File system of ${local.name}"
  vpc_id      = module.vpc.vpc_id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "efs" {
  count = var.efs_path != null ? 1 : 0

  security_group_id            = aws_security_group.efs[0].id
  description                  = "NFS from the tasks"
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049
  referenced_security_group_id = aws_security_group.tasks.id
}

resource "aws_vpc_security_group_egress_rule" "to_efs" {
  count = var.efs_path != null ? 1 : 0

  security_group_id            = aws_security_group.tasks.id
  description                  = "NFS to the file system"
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049
  referenced_security_group_id = aws_security_group.efs[0].id
}

data "aws_region" "current" {}

locals {
  # As in the real module, it has to be known at plan time: try() of anything unknown is unknown.
  containers = try(var.service.container_definitions, {})

  logged = { for key, container in local.containers : key => {
    name      = try(container.cloudwatch_log_group_name, null)
    retention = try(container.cloudwatch_log_group_retention_in_days, 14)
  } if try(container.enable_cloudwatch_logging, true) && try(container.create_cloudwatch_log_group, true) }

  health_checks = { for key, container in local.containers : key => merge(
    { interval = 30, retries = 3, timeout = 5 },
    container.health_check,
  ) if length(try(container.health_check, {})) > 0 }

  # Lists that ECS wants with something in them or not at all.
  filled = { for key, container in local.containers : key => {
    for field in ["command", "dependencies", "secrets"] : field => try(container[field], var.service.container_definition_defaults[field])
    if length(try(container[field], var.service.container_definition_defaults[field], [])) > 0
  } }

  # What is null is ECS's to decide.
  definitions = { for key, container in local.containers : key => {
    for field, value in {
      name                   = try(container.name, key)
      command                = try(local.filled[key].command, null)
      cpu                    = try(container.cpu, var.service.container_definition_defaults.cpu, null)
      dependsOn              = try(local.filled[key].dependencies, null)
      disableNetworking      = try(container.disable_networking, var.service.container_definition_defaults.disable_networking, null)
      dnsSearchDomains       = try(container.dns_search_domains, var.service.container_definition_defaults.dns_search_domains, null)
      dnsServers             = try(container.dns_servers, var.service.container_definition_defaults.dns_servers, null)
      dockerLabels           = try(container.docker_labels, var.service.container_definition_defaults.docker_labels, null)
      dockerSecurityOptions  = try(container.docker_security_options, var.service.container_definition_defaults.docker_security_options, null)
      entryPoint             = try(container.entrypoint, var.service.container_definition_defaults.entrypoint, null)
      environment            = try(container.environment, var.service.container_definition_defaults.environment, [])
      environmentFiles       = try(container.environment_files, var.service.container_definition_defaults.environment_files, null)
      essential              = try(container.essential, var.service.container_definition_defaults.essential, null)
      extraHosts             = try(container.extra_hosts, var.service.container_definition_defaults.extra_hosts, null)
      firelensConfiguration  = try(container.firelens_configuration, var.service.container_definition_defaults.firelens_configuration, null)
      hostname               = try(container.hostname, var.service.container_definition_defaults.hostname, null)
      image                  = try(container.image, var.service.container_definition_defaults.image, null)
      interactive            = try(container.interactive, var.service.container_definition_defaults.interactive, false)
      links                  = try(container.links, var.service.container_definition_defaults.links, null)
      memory                 = try(container.memory, var.service.container_definition_defaults.memory, null)
      memoryReservation      = try(container.memory_reservation, var.service.container_definition_defaults.memory_reservation, null)
      mountPoints            = try(container.mount_points, var.service.container_definition_defaults.mount_points, [])
      portMappings           = try(container.port_mappings, var.service.container_definition_defaults.port_mappings, [])
      privileged             = try(container.privileged, var.service.container_definition_defaults.privileged, false)
      pseudoTerminal         = try(container.pseudo_terminal, var.service.container_definition_defaults.pseudo_terminal, false)
      readonlyRootFilesystem = try(container.readonly_root_filesystem, var.service.container_definition_defaults.readonly_root_filesystem, true)
      repositoryCredentials  = try(container.repository_credentials, var.service.container_definition_defaults.repository_credentials, null)
      resourceRequirements   = try(container.resource_requirements, var.service.container_definition_defaults.resource_requirements, null)
      secrets                = try(local.filled[key].secrets, null)
      startTimeout           = try(container.start_timeout, var.service.container_definition_defaults.start_timeout, 30)
      stopTimeout            = try(container.stop_timeout, var.service.container_definition_defaults.stop_timeout, 120)
      systemControls         = try(container.system_controls, var.service.container_definition_defaults.system_controls, [])
      ulimits                = try(container.ulimits, var.service.container_definition_defaults.ulimits, null)
      user                   = try(container.user, var.service.container_definition_defaults.user, null)
      volumesFrom            = try(container.volumes_from, var.service.container_definition_defaults.volumes_from, [])
      workingDirectory       = try(container.working_directory, var.service.container_definition_defaults.working_directory, null)
      healthCheck            = try(local.health_checks[key], null)
      linuxParameters = merge(
        { initProcessEnabled = try(var.service.enable_execute_command, false) },
        try(container.linux_parameters, {}),
      )
      logConfiguration = local.log_configurations[key]
    } : field => value if value != null
  } }

  log_configurations = { for key, container in local.containers : key => merge(
    { for field, value in {
      logDriver = "awslogs"
      options = {
        awslogs-group         = try(aws_cloudwatch_log_group.this[key].name, "")
        awslogs-region        = data.aws_region.current.name
        awslogs-stream-prefix = "ecs"
      }
    } : field => value if try(container.enable_cloudwatch_logging, true) },
    try(container.log_configuration, {}),
  ) }
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = local.logged

  name              = coalesce(each.value.name, "/aws/ecs/${var.name}/${each.key}")
  retention_in_days = each.value.retention

  tags = var.tags
}

# What a deployment with a tag and nothing else is. What the modules do not put out is asserted on the plan itself by
# cli/test/infrastructure.test.ts.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  region    = "us-east-1"
  env       = "dev"
  image_tag = "abc123"
}

run "defaults" {
  command = plan

  assert {
    condition     = output.alb_url == "http://webapp-dev-1234567890.us-east-1.elb.amazonaws.com"
    error_message = "alb_url is ${output.alb_url}."
  }

  assert {
    condition = join(" ", [
      output.region, output.cluster_name, output.service_name, output.container_name, output.log_group_name,
    ]) == "us-east-1 webapp-dev webapp-dev app /ecs/webapp-dev/app"
    error_message = "The outputs name other things than were made."
  }

  assert {
    condition     = output.image == "123456789012.dkr.ecr.us-east-1.amazonaws.com/webapp:abc123"
    error_message = "The image is ${output.image}."
  }

  assert {
    condition     = output.target_group_arn == module.alb.target_groups["app"].arn
    error_message = "target_group_arn is not the target group's."
  }

  # Container

  assert {
    condition = alltrue(flatten([
      for container in module.ecs.services["app"].container_definitions : [
        container.container_definition.image == output.image,
        container.container_definition.user == "1000:1000",
        container.container_definition.readonlyRootFilesystem == true,
        container.container_definition.privileged == false,
        container.container_definition.stopTimeout == 30,
      ]
    ]))
    error_message = "The container is not as locked up as it should be."
  }

  # Load balancer

  assert {
    condition     = { for key, it in module.alb.listeners : key => it.default_action[0].type } == { http = "forward" }
    error_message = "Without a certificate there is one listener, which forwards."
  }

  assert {
    condition = alltrue([
      module.alb.target_groups["app"].target_type == "ip",
      module.alb.target_groups["app"].deregistration_delay == "15",
      module.alb.target_groups["app"].health_check[0].path == "/healthz",
      module.alb.target_groups["app"].health_check[0].interval == 5,
      module.alb.target_groups["app"].health_check[0].healthy_threshold == 2,
      module.alb.target_groups["app"].health_check[0].unhealthy_threshold == 2,
    ])
    error_message = "The target group would make deployments slow or unsafe."
  }

  # Autoscaling

  assert {
    condition = alltrue(flatten([
      for policy in module.ecs.services["app"].autoscaling_policies : [
        for tracked in policy.target_tracking_scaling_policy_configuration : [
          tracked.target_value == 60,
          tracked.predefined_metric_specification[0].predefined_metric_type == "ECSServiceAverageCPUUtilization",
        ]
      ]
    ]))
    error_message = "Autoscaling does not hold the CPU's use."
  }

  assert {
    condition = alltrue([
      for tracked in aws_appautoscaling_policy.requests.target_tracking_scaling_policy_configuration :
      tracked.target_value == 6000 &&
      tracked.predefined_metric_specification[0].predefined_metric_type == "ALBRequestCountPerTarget" &&
      endswith(tracked.predefined_metric_specification[0].resource_label, module.alb.target_groups["app"].arn_suffix)
    ])
    error_message = "Autoscaling does not hold the requests per target."
  }
}

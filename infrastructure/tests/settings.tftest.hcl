# What the settings change; the rest of these plans is asserted by cli/test/infrastructure.test.ts.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

run "production" {
  command = plan

  variables {
    region                 = "us-east-1"
    env                    = "prod"
    image_tag              = "abc123"
    cpu_architecture       = "ARM64"
    cpu                    = 1024
    memory                 = 4096
    container_port         = 3000
    desired_count          = 3
    min_count              = 3
    max_count              = 12
    fargate_spot_weight    = 3
    zone_count             = 3
    single_nat_gateway     = false
    flow_logs              = false
    deletion_protection    = true
    enable_execute_command = true
    wait_for_steady_state  = true
    container_insights     = "enhanced"
    log_retention_days     = 365
    certificate_arn        = "arn:aws:acm:us-east-1:123456789012:certificate/0123abcd-0123-0123-0123-0123456789ab"
    domain_name            = "app.example.com"
  }

  assert {
    condition     = output.alb_url == "https://app.example.com"
    error_message = "alb_url is ${output.alb_url}."
  }

  assert {
    condition     = join(",", keys(module.alb.listeners)) == "http,https"
    error_message = "With a certificate there is HTTPS, and HTTP that leads there."
  }

  assert {
    condition = alltrue([
      module.alb.listeners["https"].default_action[0].type == "forward",
      module.alb.listeners["https"].certificate_arn == var.certificate_arn,
      startswith(module.alb.listeners["https"].ssl_policy, "ELBSecurityPolicy-TLS13-1-2"),
      module.alb.listeners["http"].default_action[0].type == "redirect",
      module.alb.listeners["http"].default_action[0].redirect[0].protocol == "HTTPS",
      module.alb.listeners["http"].default_action[0].redirect[0].status_code == "HTTP_301",
    ])
    error_message = "HTTPS is not served as it should be."
  }

  # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html: its agent cannot run on a read-only root.
  assert {
    condition = alltrue([
      for container in module.ecs.services["app"].container_definitions :
      container.container_definition.readonlyRootFilesystem == false
    ])
    error_message = "execute-command needs a writable root file system."
  }

  assert {
    condition     = length(distinct(concat(local.public_subnets, local.private_subnets))) == 6
    error_message = "Three zones need six different subnets."
  }
}

run "an_app_of_ones_own" {
  command = plan

  variables {
    region                   = "us-east-1"
    env                      = "dev"
    image_tag                = "abc123"
    image_digest             = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    image_commit             = "0123456789abcdef0123456789abcdef01234567-dirty"
    container_port           = 80
    container_user           = null
    readonly_root_filesystem = false
    health_check_path        = "/up?full=1"
    container_health_check   = null
    log_mode                 = "blocking"
  }

  assert {
    condition     = endswith(output.image, "/webapp@${var.image_digest}")
    error_message = "The task definition names ${output.image}."
  }

  assert {
    condition     = output.health_check_path == "/up?full=1"
    error_message = "health_check_path is ${output.health_check_path}."
  }
}

run "a_health_check_of_ones_own" {
  command = plan

  variables {
    image_tag              = "abc123"
    container_health_check = ["CMD-SHELL", "wget -q -O - http://localhost:8080/up"]
  }
}

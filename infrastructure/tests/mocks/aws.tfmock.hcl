# What AWS would say: enough of it for a plan that is checked as strictly as a real one (ARNs have to be ARNs).

mock_data "aws_availability_zones" {
  defaults = {
    names = ["us-east-1a", "us-east-1b", "us-east-1c"]
  }
}

mock_data "aws_region" {
  defaults = {
    name = "us-east-1"
  }
}

mock_data "aws_partition" {
  defaults = {
    partition = "aws"
  }
}

mock_data "aws_caller_identity" {
  defaults = {
    account_id = "123456789012"
  }
}

mock_data "aws_ecr_repository" {
  defaults = {
    repository_url = "123456789012.dkr.ecr.us-east-1.amazonaws.com/webapp"
  }
}

mock_data "aws_ecs_service" {
  defaults = {
    task_definition = "arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-dev:1"
  }
}

mock_data "aws_iam_policy_document" {
  defaults = {
    json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  }
}

mock_resource "aws_iam_role" {
  defaults = {
    arn = "arn:aws:iam::123456789012:role/mock"
  }
}

mock_resource "aws_iam_policy" {
  defaults = {
    arn = "arn:aws:iam::123456789012:policy/mock"
  }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = {
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:mock"
  }
}

mock_resource "aws_lb" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/webapp-dev/0123456789abcdef"
    arn_suffix = "app/webapp-dev/0123456789abcdef"
    dns_name   = "webapp-dev-1234567890.us-east-1.elb.amazonaws.com"
  }
}

mock_resource "aws_lb_listener" {
  defaults = {
    arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/webapp-dev/0123456789abcdef/0123456789abcdef"
  }
}

mock_resource "aws_lb_target_group" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/webapp-dev-8080/fedcba9876543210"
    arn_suffix = "targetgroup/webapp-dev-8080/fedcba9876543210"
  }
}

mock_resource "aws_ecs_cluster" {
  defaults = {
    arn = "arn:aws:ecs:us-east-1:123456789012:cluster/webapp-dev"
  }
}

mock_resource "aws_ecs_task_definition" {
  defaults = {
    arn      = "arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-dev:1"
    revision = 1
  }
}

mock_resource "aws_security_group" {
  defaults = {
    id = "sg-0123456789abcdef0"
  }
}

mock_resource "aws_sns_topic" {
  defaults = {
    arn = "arn:aws:sns:us-east-1:123456789012:webapp-dev-alarms"
  }
}

mock_resource "aws_cloudwatch_metric_alarm" {
  defaults = {
    arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:mock"
  }
}

mock_data "aws_route53_zone" {
  defaults = {
    zone_id = "Z0123456789ABCDEFGHIJ"
  }
}

mock_resource "aws_acm_certificate" {
  defaults = {
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/fedcba98-0123-0123-0123-0123456789ab"
    domain_validation_options = [{
      domain_name           = "app.example.com"
      resource_record_name  = "_0123.app.example.com."
      resource_record_type  = "CNAME"
      resource_record_value = "_4567.acm-validations.aws."
    }]
  }
}

mock_resource "aws_s3_bucket" {
  defaults = {
    id  = "webapp-dev-logs-mock"
    arn = "arn:aws:s3:::webapp-dev-logs-mock"
  }
}

mock_resource "aws_efs_file_system" {
  defaults = {
    id  = "fs-0123456789abcdef0"
    arn = "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-0123456789abcdef0"
  }
}

mock_resource "aws_wafv2_web_acl" {
  defaults = {
    arn = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/webapp-dev/0123abcd-0123-0123-0123-0123456789ab"
  }
}

mock_resource "aws_efs_access_point" {
  defaults = {
    id = "fsap-0123456789abcdef0"
  }
}

mock_resource "aws_route53_health_check" {
  defaults = {
    id = "01234567-0123-0123-0123-0123456789ab"
  }
}

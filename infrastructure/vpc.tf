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
  flow_log_destination_type                       = local.flow_logs_to_s3 ? "s3" : "cloud-watch-logs"
  flow_log_destination_arn                        = local.flow_logs_to_s3 ? "${local.log_bucket_arn}/vpc/" : ""
  create_flow_log_cloudwatch_iam_role             = var.flow_logs && !local.flow_logs_to_s3
  create_flow_log_cloudwatch_log_group            = var.flow_logs && !local.flow_logs_to_s3
  flow_log_cloudwatch_log_group_retention_in_days = var.log_retention_days
  vpc_flow_log_iam_role_name                      = "${local.name}-flow-log"
  vpc_flow_log_iam_policy_name                    = "${local.name}-flow-log"
}

variable "name" {
  description = "Name of the VPC, and the start of every other name."
  type        = string
}

variable "cidr" {
  description = "IPv4 range of the VPC."
  type        = string
}

variable "azs" {
  description = "Availability zones, one for each subnet of a kind."
  type        = list(string)
}

variable "private_subnets" {
  description = "IPv4 ranges of the private subnets."
  type        = list(string)
}

variable "public_subnets" {
  description = "IPv4 ranges of the public subnets."
  type        = list(string)
}

variable "enable_nat_gateway" {
  description = "Whether the private subnets reach the internet."
  type        = bool
}

variable "single_nat_gateway" {
  description = "One NAT gateway for all zones."
  type        = bool
}

variable "one_nat_gateway_per_az" {
  description = "One NAT gateway a zone; here, what single_nat_gateway is not."
  type        = bool
}

variable "manage_default_security_group" {
  description = "Whether the default security group is managed."
  type        = bool
}

variable "default_security_group_ingress" {
  description = "Ingress rules of the default security group."
  type        = list(map(string))
}

variable "default_security_group_egress" {
  description = "Egress rules of the default security group."
  type        = list(map(string))
}

variable "manage_default_network_acl" {
  description = "Whether the default network ACL is managed; here it never is."
  type        = bool
}

variable "manage_default_route_table" {
  description = "Whether the default route table is managed; here it never is."
  type        = bool
}

variable "enable_flow_log" {
  description = "Whether traffic is logged."
  type        = bool
}

variable "create_flow_log_cloudwatch_iam_role" {
  description = "Whether the role that writes the flow log is made."
  type        = bool
}

variable "create_flow_log_cloudwatch_log_group" {
  description = "Whether the flow log's log group is made."
  type        = bool
}

variable "flow_log_cloudwatch_log_group_retention_in_days" {
  description = "Days that the flow log is kept."
  type        = number
}

variable "vpc_flow_log_iam_role_name" {
  description = "Start of the name of the flow log's role."
  type        = string
}

variable "vpc_flow_log_iam_policy_name" {
  description = "Start of the name of the flow log's policy."
  type        = string
}

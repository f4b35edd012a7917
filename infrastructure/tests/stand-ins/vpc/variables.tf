variable "name" {
  description = "Name of the VPC, and the start of every other name."
  type        = string
  default     = ""
}

variable "cidr" {
  description = "IPv4 range of the VPC."
  type        = string
  default     = "10.0.0.0/16"
}

variable "azs" {
  description = "Availability zones of the subnets, in their order."
  type        = list(string)
  default     = []
}

variable "private_subnets" {
  description = "IPv4 ranges of the private subnets."
  type        = list(string)
  default     = []
}

variable "public_subnets" {
  description = "IPv4 ranges of the public subnets."
  type        = list(string)
  default     = []
}

variable "enable_dns_hostnames" {
  description = "Whether machines get DNS names."
  type        = bool
  default     = true
}

variable "enable_dns_support" {
  description = "Whether the VPC has a DNS server."
  type        = bool
  default     = true
}

variable "map_public_ip_on_launch" {
  description = "Whether what starts in a public subnet gets a public address."
  type        = bool
  default     = false
}

variable "enable_nat_gateway" {
  description = "Whether the private subnets reach the internet."
  type        = bool
  default     = false
}

variable "single_nat_gateway" {
  description = "One NAT gateway for all zones."
  type        = bool
  default     = false
}

variable "one_nat_gateway_per_az" {
  description = "One NAT gateway a zone, not one a subnet."
  type        = bool
  default     = false
}

variable "manage_default_security_group" {
  description = "Whether the default security group is managed."
  type        = bool
  default     = true
}

variable "default_security_group_ingress" {
  description = "Ingress rules of the default security group."
  type        = list(map(string))
  default     = []
}

variable "default_security_group_egress" {
  description = "Egress rules of the default security group."
  type        = list(map(string))
  default     = []
}

variable "enable_flow_log" {
  description = "Whether traffic is logged."
  type        = bool
  default     = false
}

variable "flow_log_traffic_type" {
  description = "Which traffic is logged: ACCEPT, REJECT or ALL."
  type        = string
  default     = "ALL"
}

variable "flow_log_destination_type" {
  description = "Kind of the place that the flow log goes to."
  type        = string
  default     = "cloud-watch-logs"
}

variable "flow_log_destination_arn" {
  description = "Where the flow log goes when no log group is made."
  type        = string
  default     = ""
}

variable "flow_log_cloudwatch_iam_role_arn" {
  description = "Role that writes the flow log when none is made."
  type        = string
  default     = ""
}

variable "flow_log_max_aggregation_interval" {
  description = "Seconds that one record of the flow log is about."
  type        = number
  default     = 600
}

variable "create_flow_log_cloudwatch_iam_role" {
  description = "Whether the role that writes the flow log is made."
  type        = bool
  default     = false
}

variable "create_flow_log_cloudwatch_log_group" {
  description = "Whether the flow log's log group is made."
  type        = bool
  default     = false
}

variable "flow_log_cloudwatch_log_group_retention_in_days" {
  description = "Days that the flow log is kept."
  type        = number
  default     = null
}

variable "vpc_flow_log_iam_role_name" {
  description = "Start of the name of the flow log's role."
  type        = string
  default     = "vpc-flow-log-role"
}

variable "vpc_flow_log_iam_policy_name" {
  description = "Start of the name of the flow log's policy."
  type        = string
  default     = "vpc-flow-log-to-cloudwatch"
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
  default     = {}
}

variable "instance_tenancy" {
  description = "Whether instances share their hardware with those of other accounts."
  type        = string
  default     = "default"
}

variable "name" {
  description = "Name of the load balancer."
  type        = string
  default     = null
}

variable "name_prefix" {
  description = "Start of its name, instead of a name."
  type        = string
  default     = null
}

variable "internal" {
  description = "Whether it is reached from inside the VPC alone."
  type        = bool
  default     = null
}

variable "load_balancer_type" {
  description = "Kind of load balancer."
  type        = string
  default     = "application"
}

variable "vpc_id" {
  description = "VPC of the security group and the target groups."
  type        = string
  default     = null
}

variable "subnets" {
  description = "Subnets of the load balancer."
  type        = list(string)
  default     = null
}

variable "security_groups" {
  description = "Security groups besides its own."
  type        = list(string)
  default     = []
}

variable "drop_invalid_header_fields" {
  description = "Whether headers with invalid names are dropped."
  type        = bool
  default     = true
}

variable "enable_deletion_protection" {
  description = "Whether the load balancer refuses to be deleted."
  type        = bool
  default     = true
}

variable "idle_timeout" {
  description = "Seconds that a connection may be idle."
  type        = number
  default     = null
}

variable "access_logs" {
  description = "Bucket and prefix of the access logs."
  type        = map(string)
  default     = {}
}

variable "default_port" {
  description = "Port of listeners and target groups that name none."
  type        = number
  default     = 80
}

variable "default_protocol" {
  description = "Protocol of listeners and target groups that name none."
  type        = string
  default     = "HTTP"
}

variable "listeners" {
  description = "Listeners by key."
  type        = any
  default     = {}
}

variable "target_groups" {
  description = "Target groups by key."
  type        = any
  default     = {}
}

variable "create_security_group" {
  description = "Whether it gets a security group of its own."
  type        = bool
  default     = true
}

variable "security_group_name" {
  description = "The security group's name, or its start."
  type        = string
  default     = null
}

variable "security_group_use_name_prefix" {
  description = "Whether that name is only the start."
  type        = bool
  default     = true
}

variable "security_group_description" {
  description = "What the security group is for."
  type        = string
  default     = null
}

variable "security_group_ingress_rules" {
  description = "Ingress rules of the security group by key."
  type        = any
  default     = {}
}

variable "security_group_egress_rules" {
  description = "Egress rules of the security group by key."
  type        = any
  default     = {}
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
  default     = {}
}

variable "enable_cross_zone_load_balancing" {
  description = "Whether targets in all zones get traffic from each zone."
  type        = bool
  default     = true
}

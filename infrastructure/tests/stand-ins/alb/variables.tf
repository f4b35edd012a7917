variable "name" {
  description = "Name of the load balancer."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the security group and the target groups."
  type        = string
}

variable "subnets" {
  description = "Subnets of the load balancer."
  type        = list(string)
}

variable "drop_invalid_header_fields" {
  description = "Whether headers with invalid names are dropped."
  type        = bool
}

variable "enable_deletion_protection" {
  description = "Whether the load balancer refuses to be deleted."
  type        = bool
}

variable "idle_timeout" {
  description = "Seconds that a connection may be idle."
  type        = number
}

variable "listeners" {
  description = "Listeners by key."
  type        = any
}

variable "target_groups" {
  description = "Target groups by key."
  type        = any
}

variable "security_group_name" {
  description = "Start of the security group's name."
  type        = string
}

variable "security_group_ingress_rules" {
  description = "Ingress rules of the security group by key."
  type        = any
}

variable "security_group_egress_rules" {
  description = "Egress rules of the security group by key."
  type        = any
}

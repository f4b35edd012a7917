variable "cluster_name" {
  description = "Name of the cluster."
  type        = string
  default     = ""
}

variable "cluster_settings" {
  description = "Settings of the cluster."
  type        = any
  default = [
    {
      name  = "containerInsights"
      value = "enabled"
    }
  ]
}

variable "create_cloudwatch_log_group" {
  description = "Whether the cluster gets a log group of its own."
  type        = bool
  default     = true
}

variable "cloudwatch_log_group_name" {
  description = "Name of that log group."
  type        = string
  default     = null
}

variable "cloudwatch_log_group_retention_in_days" {
  description = "Days that it keeps logs."
  type        = number
  default     = 90
}

variable "default_capacity_provider_use_fargate" {
  description = "Whether Fargate's providers are the cluster's default."
  type        = bool
  default     = true
}

variable "fargate_capacity_providers" {
  description = "Fargate capacity providers by name."
  type        = any
  default     = {}
}

variable "services" {
  description = "Services by key."
  type        = any
  default     = {}
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
  default     = {}
}

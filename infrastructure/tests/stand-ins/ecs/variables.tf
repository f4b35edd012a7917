variable "cluster_name" {
  description = "Name of the cluster."
  type        = string
}

variable "cluster_settings" {
  description = "Settings of the cluster."
  type        = any
}

variable "create_cloudwatch_log_group" {
  description = "Whether the cluster gets a log group of its own; here it never does."
  type        = bool
}

variable "fargate_capacity_providers" {
  description = "Fargate capacity providers by name."
  type        = any
}

variable "services" {
  description = "Services by key."
  type        = any
}

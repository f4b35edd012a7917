variable "cluster_arn" {
  description = "ARN of the cluster."
  type        = string
}

variable "cluster_name" {
  description = "Name of the cluster."
  type        = string
}

variable "service" {
  description = "The service, its tasks and its autoscaling."
  type        = any
}

variable "cluster_arn" {
  description = "ARN of the cluster."
  type        = string
}

variable "cluster_name" {
  description = "Name of the cluster."
  type        = string
}

variable "name" {
  description = "Name of the service."
  type        = string
}

variable "service" {
  description = "The service, its tasks and its autoscaling."
  type        = any
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
}

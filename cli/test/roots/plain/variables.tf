variable "region" {
  type    = string
  default = "us-east-1"
}

variable "name" {
  type    = string
  default = "shop"
}

variable "env" {
  type = string
}

variable "repository_name" {
  type    = string
  default = "shop"
}

variable "allowed_account_ids" {
  type    = list(string)
  default = []
}

variable "image_digest" {
  type = string
}

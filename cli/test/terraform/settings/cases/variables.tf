variable "text" {
  type    = string
  default = "a"

  validation {
    condition     = length(var.text) < 20
    error_message = "text is too long."
  }
}

variable "number" {
  type    = number
  default = 1

  validation {
    condition     = var.number <= var.most
    error_message = "number must be at most ${var.most}."
  }
}

variable "most" {
  type    = number
  default = 1000
}

variable "flag" {
  type     = bool
  nullable = false
  default  = false
}

variable "list" {
  type    = list(string)
  default = []
}

variable "set" {
  type    = set(number)
  default = []
}

variable "map" {
  type    = map(string)
  default = {}
}

variable "object" {
  type = object({
    name = string
    port = optional(number, 80)
  })
  default = null
}

variable "tuple" {
  type    = tuple([string, number])
  default = ["a", 1]
}

variable "anything" {
  type    = any
  default = null
}

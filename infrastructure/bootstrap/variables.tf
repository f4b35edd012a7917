variable "region" {
  description = "AWS region of the state bucket and the repository."
  type        = string
  nullable    = false
  default     = "us-east-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the code of an AWS region, such as eu-central-1."
  }
}

variable "name" {
  description = "Name of the app, as in infrastructure/: the roles may make roles and policies that start with it."
  type        = string
  nullable    = false
  default     = "webapp"

  validation {
    condition     = can(regex("^[a-z](-?[a-z0-9])*$", var.name)) && length(var.name) <= 16
    error_message = "name must be at most 16 lower case letters, digits and single hyphens, and start with a letter."
  }
}

variable "tags" {
  description = "Tags for every resource, besides Project and ManagedBy."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for key in keys(var.tags) : !startswith(lower(key), "aws:")])
    error_message = "tags must not start with aws:, which AWS keeps for itself."
  }
}

variable "state_bucket" {
  description = "Name of the bucket for Terraform's state, unique in the whole of AWS. About 0.01 USD a month."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "state_bucket must be 3 to 63 lower case letters, digits, dots and hyphens."
  }
}

variable "state_version_days" {
  description = "Days that old versions of the state are kept; the newest ten stay longer."
  type        = number
  nullable    = false
  default     = 90

  validation {
    condition     = var.state_version_days >= 1 && floor(var.state_version_days) == var.state_version_days
    error_message = "state_version_days must be a whole number of at least 1."
  }
}

variable "repository_name" {
  description = "Name of the ECR repository. Images cost 0.10 USD a GB and month."
  type        = string
  nullable    = false
  default     = "webapp"

  validation {
    condition     = can(regex("^[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*$", var.repository_name))
    error_message = "repository_name must be a name such as webapp or team/webapp."
  }
}

variable "kept_tag_prefixes" {
  description = "Images with a tag that starts so are never deleted: versions, and what a deployment proved."
  type        = list(string)
  nullable    = false
  default     = ["v", "proved-"]

  validation {
    condition     = length(var.kept_tag_prefixes) >= 1 && alltrue([for prefix in var.kept_tag_prefixes : prefix != ""])
    error_message = "kept_tag_prefixes must name a prefix, and none that is empty."
  }
}

variable "kept_images" {
  description = "How many of the other images are kept, the newest. 500 of the sample app's cost about 1.80 USD a month."
  type        = number
  nullable    = false
  default     = 500

  validation {
    condition     = var.kept_images >= 1 && floor(var.kept_images) == var.kept_images
    error_message = "kept_images must be a whole number of at least 1."
  }
}

variable "kms_key_arn" {
  description = "Key of one's own for the state and the images, 1 USD a month. Null: S3's and ECR's own, which are free."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key."
  }
}

variable "github_repository" {
  description = "GitHub repository whose workflows plan and deploy, as owner/name. Null: no roles are made."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9_.-]+$", var.github_repository))
    error_message = "github_repository must be owner/name."
  }
}

variable "github_environments" {
  description = "GitHub environments that deploy; each has a role of its own."
  type        = set(string)
  nullable    = false
  default     = ["production"]

  validation {
    condition     = alltrue([for name in var.github_environments : can(regex("^[A-Za-z0-9_-]{1,32}$", name))])
    error_message = "github_environments must be names of letters, digits, hyphens and underscores."
  }
}

variable "github_oidc_provider_arn" {
  description = "GitHub's OIDC provider where the account has it: there can be only one. Null: it is made."
  type        = string
  default     = null

  validation {
    condition = var.github_oidc_provider_arn == null || can(regex(
      "^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/token[.]actions[.]githubusercontent[.]com$", var.github_oidc_provider_arn
    ))
    error_message = "github_oidc_provider_arn must be the ARN of the provider token.actions.githubusercontent.com."
  }
}

variable "plan_policy_arns" {
  description = "What pull requests may do, besides reading the state and locking it."
  type        = set(string)
  nullable    = false
  default     = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]

  validation {
    condition     = alltrue([for arn in var.plan_policy_arns : can(regex("^arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/", arn))])
    error_message = "plan_policy_arns must be ARNs of IAM policies."
  }
}

variable "deploy_policy_arns" {
  description = "What deployments may do, besides IAM roles and policies that start with name."
  type        = set(string)
  nullable    = false
  default     = ["arn:aws:iam::aws:policy/PowerUserAccess"]

  validation {
    condition     = alltrue([for arn in var.deploy_policy_arns : can(regex("^arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/", arn))])
    error_message = "deploy_policy_arns must be ARNs of IAM policies."
  }
}

variable "permissions_boundary_arn" {
  description = "Policy that no GitHub role can go beyond, whatever else it is given. Null: there is none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of an IAM policy."
  }
}

variable "pipeline" {
  description = "CodePipeline and CodeBuild in place of GitHub's workflows: connection_arn of the CodeConnections connection, repository as owner/name, branch. Null: none. An action costs about 0.002 USD a minute, and a build 0.005 USD."
  type = object({
    connection_arn = string
    repository     = string
    branch         = optional(string, "main")
  })
  default = null

  validation {
    condition     = var.pipeline == null || can(regex("^arn:aws[a-z-]*:(codestar-connections|codeconnections):", var.pipeline.connection_arn))
    error_message = "pipeline.connection_arn must be the ARN of a connection."
  }

  validation {
    condition     = var.pipeline == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9_.-]+$", var.pipeline.repository))
    error_message = "pipeline.repository must be owner/name."
  }
}

variable "reader_account_ids" {
  description = "Other accounts that may pull the images: those of the environments, where this one is central."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for id in var.reader_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "reader_account_ids must be account ids of 12 digits."
  }
}

variable "replicas" {
  description = "Registries that get a copy of every image, by region and account; its storage, 0.10 USD a GB and month, and the traffic between regions are paid."
  type = set(object({
    region     = string
    account_id = string
  }))
  nullable = false
  default  = []

  validation {
    condition     = alltrue([for each in var.replicas : can(regex("^[0-9]{12}$", each.account_id)) && can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", each.region))])
    error_message = "replicas must be regions and account ids of 12 digits."
  }
}

variable "inspector" {
  description = "Whether Amazon Inspector scans the images of this registry, and goes on doing so: 0.09 USD for a push, 0.01 USD for each scan after it."
  type        = bool
  nullable    = false
  default     = false
}

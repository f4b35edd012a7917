variable "region" {
  description = "AWS region that everything runs in."
  type        = string
  nullable    = false
  default     = "us-east-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the code of an AWS region, such as eu-central-1."
  }
}

variable "name" {
  description = "Name of the app; with env it is the name of every resource."
  type        = string
  nullable    = false
  default     = "webapp"

  validation {
    condition     = can(regex("^[a-z](-?[a-z0-9])*$", var.name)) && length(var.name) <= 16
    error_message = "name must be at most 16 lower case letters, digits and single hyphens, and start with a letter."
  }

  validation {
    condition     = !startswith(var.name, "internal-")
    error_message = "name must not start with internal-, which load balancers reserve."
  }
}

variable "env" {
  description = "Environment, such as dev, staging or prod."
  type        = string
  nullable    = false
  default     = "dev"

  # A load balancer's and a target group's name have 32 characters: name, env, port and two hyphens fit.
  validation {
    condition     = can(regex("^[a-z][a-z0-9]*$", var.env)) && length(var.env) <= 8
    error_message = "env must be at most 8 lower case letters and digits, and start with a letter."
  }
}

variable "tags" {
  description = "Tags for every resource, besides Project, Environment and ManagedBy."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for key in keys(var.tags) : !startswith(lower(key), "aws:")])
    error_message = "tags must not start with aws:, which AWS keeps for itself."
  }

  validation {
    condition     = alltrue([for key in keys(var.tags) : !contains(["Project", "Environment", "ManagedBy"], key)])
    error_message = "tags must not contain Project, Environment or ManagedBy, which are set from name and env."
  }
}

variable "allowed_account_ids" {
  description = "AWS accounts that may be deployed to: any other is refused before anything is read. Empty: any."
  type        = list(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for id in var.allowed_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "allowed_account_ids must be numbers of twelve digits, in quotes."
  }
}

variable "assume_role_arn" {
  description = "Role to deploy as, such as one in the environment's own account. Null: whoever is signed in."
  type        = string
  default     = null

  validation {
    condition     = var.assume_role_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/", var.assume_role_arn))
    error_message = "assume_role_arn must be the ARN of a role."
  }
}

# Image

variable "image_tag" {
  description = "Tag of the image to run. It has no default: every deployment says what it deploys."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", var.image_tag))
    error_message = "image_tag must be 1 to 128 letters, digits and _.-, and not start with a dot or hyphen."
  }

  validation {
    condition     = lower(var.image_tag) != "latest"
    error_message = "image_tag must name one image for good, and latest does not: use the tag that the build printed."
  }
}

variable "image_digest" {
  description = "Digest of the image to run, which no tag can move away from. Null: whatever image_tag names."
  type        = string
  default     = null

  validation {
    condition     = var.image_digest == null || can(regex("^sha256:[0-9a-f]{64}$", var.image_digest))
    error_message = "image_digest must be sha256: and 64 lower case hexadecimal digits, as ECR shows it."
  }
}

variable "image_commit" {
  description = "Git commit that the image was built from: the app's variable IMAGE_COMMIT. Null: there is none."
  type        = string
  default     = null

  validation {
    condition     = var.image_commit == null || can(regex("^[0-9a-f]{7,64}(-dirty)?$", var.image_commit))
    error_message = "image_commit must be 7 to 64 hexadecimal digits, with -dirty where files were not committed."
  }
}

variable "repository_name" {
  description = "Name of the existing ECR repository that holds the image."
  type        = string
  nullable    = false
  default     = "webapp"

  validation {
    condition = (
      can(regex("^[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*$", var.repository_name)) &&
      length(var.repository_name) >= 2 && length(var.repository_name) <= 256
    )
    error_message = "repository_name must be the name of an ECR repository (2 to 256 characters), not its address."
  }
}

# Tasks

variable "cpu_architecture" {
  description = "CPU architecture of image and tasks: X86_64 or ARM64. ARM64 costs about 20 % less."
  type        = string
  nullable    = false
  default     = "X86_64"

  validation {
    condition     = contains(["X86_64", "ARM64"], var.cpu_architecture)
    error_message = "cpu_architecture must be X86_64 or ARM64."
  }
}

variable "cpu" {
  description = "CPU units of a task (1024 are one vCPU). A task of 256 units and 512 MiB costs about 9 USD a month."
  type        = number
  nullable    = false
  default     = 256

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.cpu)
    error_message = "cpu must be one of Fargate's sizes: 256, 512, 1024, 2048, 4096, 8192 or 16384."
  }
}

variable "memory" {
  description = "Memory of a task in MiB; which sizes there are depends on cpu."
  type        = number
  nullable    = false
  default     = 512

  # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
  validation {
    condition = contains(lookup({
      256   = [512, 1024, 2048]
      512   = range(1024, 4096 + 1, 1024)
      1024  = range(2048, 8192 + 1, 1024)
      2048  = range(4096, 16384 + 1, 1024)
      4096  = range(8192, 30720 + 1, 1024)
      8192  = range(16384, 61440 + 1, 4096)
      16384 = range(32768, 122880 + 1, 8192)
    }, tostring(var.cpu), []), var.memory)
    error_message = join(" ", [
      "memory must be a size that Fargate offers for this cpu, in MiB:",
      "256 has 512, 1024 and 2048; 512 has 1024 to 4096, 1024 has 2048 to 8192, 2048 has 4096 to 16384",
      "and 4096 has 8192 to 30720, all in steps of 1024;",
      "8192 has 16384 to 61440 in steps of 4096; 16384 has 32768 to 122880 in steps of 8192.",
    ])
  }
}

variable "container_port" {
  description = "Port that the app listens on: the app's variable PORT. Only root is sure to have one below 1024."
  type        = number
  nullable    = false
  default     = 8080

  validation {
    condition = (
      var.container_port >= 1 && var.container_port <= 65535 &&
      floor(var.container_port) == var.container_port
    )
    error_message = "container_port must be a whole number from 1 to 65535."
  }

  validation {
    condition     = var.container_port >= 1024 || try(contains(["root", "0"], split(":", var.container_user)[0]), true)
    error_message = "container_port must be 1024 or more, unless container_user is root or null."
  }
}

variable "container_user" {
  description = "User that the app runs as: uid, uid:gid or names that the image knows. Null: the image's own user."
  type        = string
  default     = "1000:1000"

  validation {
    condition     = var.container_user == null || can(regex("^[A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+)?$", var.container_user))
    error_message = "container_user must be uid, uid:gid, or names of a user and a group, such as 1000:1000."
  }
}

variable "readonly_root_filesystem" {
  description = "Whether the app finds its file system read-only. An app that writes files needs false."
  type        = bool
  nullable    = false
  default     = true
}

variable "health_check_path" {
  description = "Path that the load balancer asks every 5 s: a task serves as long as it answers with 200."
  type        = string
  nullable    = false
  default     = "/healthz"

  validation {
    condition     = can(regex("^/[!-~]*$", var.health_check_path)) && length(var.health_check_path) <= 1024
    error_message = "health_check_path must be a path such as /healthz, of at most 1024 characters and no spaces."
  }
}

variable "container_health_check" {
  description = "Command in the container that tells ECS whether it is healthy. Null: the load balancer's check alone."
  type        = list(string)
  default     = ["CMD", "/usr/local/bin/node", "/app/healthcheck.js"]

  # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
  validation {
    condition = (
      var.container_health_check == null ||
      try(var.container_health_check[0] == "CMD" && length(var.container_health_check) >= 2, false) ||
      try(var.container_health_check[0] == "CMD-SHELL" && length(var.container_health_check) == 2, false)
    )
    error_message = join(" ", [
      "container_health_check must be [\"CMD\", program, argument, ...], or [\"CMD-SHELL\", command] in an image with",
      "a shell, or null.",
    ])
  }
}

variable "desired_count" {
  description = "Tasks to start with; from then on autoscaling decides, and no apply sets it back."
  type        = number
  nullable    = false
  default     = 2

  validation {
    condition = (
      var.desired_count >= var.min_count && var.desired_count <= var.max_count &&
      floor(var.desired_count) == var.desired_count
    )
    error_message = "desired_count must be a whole number from min_count to max_count."
  }
}

variable "health_check_grace_period_seconds" {
  description = "Seconds after a task's start in which failed health checks do not count."
  type        = number
  nullable    = false
  default     = 30

  validation {
    condition     = var.health_check_grace_period_seconds >= 0 && var.health_check_grace_period_seconds <= 3600
    error_message = "health_check_grace_period_seconds must be from 0 to 3600."
  }
}

variable "enable_execute_command" {
  description = "Whether `aws ecs execute-command` may enter a task; without writable_tmp its root file system is then writable."
  type        = bool
  nullable    = false
  default     = false
}

variable "writable_tmp" {
  description = "Whether /tmp is writable though the root is not. For a user other than root the image declares it: VOLUME /tmp. Free."
  type        = bool
  nullable    = false
  default     = false
}

variable "efs_path" {
  description = "Where the app finds a file system that all tasks share and that outlives them. 0.30 USD a GB and month. Null: there is none."
  type        = string
  default     = null

  validation {
    condition     = var.efs_path == null || can(regex("^/[A-Za-z0-9_./-]+$", var.efs_path))
    error_message = "efs_path must be an absolute path such as /data."
  }
}

variable "secrets" {
  description = "Environment variables whose values ECS reads from SSM or Secrets Manager: ARN by name. Secrets Manager costs 0.40 USD a secret and month."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.secrets) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))])
    error_message = "secrets must be named as environment variables are: letters, digits and underscores."
  }

  # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
  validation {
    condition = alltrue([for arn in values(var.secrets) : can(regex(join("|", [
      "^arn:aws[a-z-]*:ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9_./-]+$",
      "^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^:]+(:[^:]*:[^:]*:[^:]*)?$",
    ]), arn))])
    error_message = join(" ", [
      "secrets must be ARNs of SSM parameters or of Secrets Manager's secrets; the latter may end in",
      ":field:stage:version, all three, empty where not meant.",
    ])
  }
}

variable "secret_kms_key_arns" {
  description = "Keys of one's own that secrets are encrypted with, and that ECS may therefore decrypt with."
  type        = list(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for arn in var.secret_kms_key_arns : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/", arn))])
    error_message = "secret_kms_key_arns must be ARNs of keys, not of aliases."
  }
}

variable "metrics_port" {
  description = "Port of /metrics for a sidecar of the same task, 9464 by custom; nobody else reaches it. Null: none. Free."
  type        = number
  default     = null

  validation {
    condition     = var.metrics_port == null || try(var.metrics_port >= 1 && var.metrics_port <= 65535 && var.metrics_port != var.container_port, false)
    error_message = "metrics_port must be from 1 to 65535, and not container_port."
  }
}

variable "sidecars" {
  description = "Containers beside the app's in every task, by name. Free: they share the task's cpu and memory."
  type = map(object({
    image                    = string
    command                  = optional(list(string), [])
    environment              = optional(map(string), {})
    ports                    = optional(list(number), [])
    cpu                      = optional(number)
    memory                   = optional(number)
    user                     = optional(string)
    readonly_root_filesystem = optional(bool, true)
    # Whether its end ends the task.
    essential = optional(bool, false)
    # Whether the app waits for its start, and it for the app's end.
    start_before_app = optional(bool, false)
  }))
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for name in keys(var.sidecars) : name != "app" && can(regex("^[a-z][a-z0-9-]{0,31}$", name))])
    error_message = "sidecars must have names of small letters, digits and hyphens, and not be app."
  }

  validation {
    condition     = alltrue([for sidecar in values(var.sidecars) : can(regex("@sha256:[0-9a-f]{64}$", sidecar.image))])
    error_message = "sidecars must name their image by its digest, such as example.com/agent@sha256:…: a tag moves."
  }

  validation {
    condition     = sum(concat([0], [for sidecar in values(var.sidecars) : coalesce(sidecar.memory, 0)])) < var.memory
    error_message = "sidecars must leave the app some of the task's memory."
  }
}

variable "wait_for_steady_state" {
  description = "Whether an apply waits until the service is steady, and fails if ECS rolled back: for plain terraform."
  type        = bool
  nullable    = false
  default     = false
}

# Autoscaling

variable "min_count" {
  description = "Fewest tasks that autoscaling keeps; two survive the loss of a zone."
  type        = number
  nullable    = false
  default     = 2

  validation {
    condition     = var.min_count >= 1 && floor(var.min_count) == var.min_count
    error_message = "min_count must be a whole number of at least 1."
  }
}

variable "max_count" {
  description = "Most tasks that autoscaling starts: the upper limit of what tasks can cost."
  type        = number
  nullable    = false
  default     = 6

  validation {
    condition = (
      var.max_count >= var.min_count && var.max_count <= 5000 &&
      floor(var.max_count) == var.max_count
    )
    error_message = "max_count must be a whole number from min_count to 5000."
  }
}

variable "cpu_target_percent" {
  description = "Average CPU use, in percent, that autoscaling holds."
  type        = number
  nullable    = false
  default     = 60

  validation {
    condition     = var.cpu_target_percent >= 10 && var.cpu_target_percent <= 90
    error_message = "cpu_target_percent must be from 10 to 90."
  }
}

variable "requests_per_target" {
  description = "Requests a minute and task that autoscaling holds."
  type        = number
  nullable    = false
  default     = 6000

  validation {
    condition     = var.requests_per_target >= 1
    error_message = "requests_per_target must be at least 1."
  }
}

variable "fargate_base" {
  description = "Tasks that always run on FARGATE, before the weights count."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition = (
      var.fargate_base >= 0 && var.fargate_base <= 100000 &&
      floor(var.fargate_base) == var.fargate_base
    )
    error_message = "fargate_base must be a whole number from 0 to 100000."
  }
}

variable "fargate_weight" {
  description = "Share of the tasks beyond fargate_base that runs on FARGATE."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition = (
      var.fargate_weight >= 0 && var.fargate_weight <= 1000 &&
      floor(var.fargate_weight) == var.fargate_weight
    )
    error_message = "fargate_weight must be a whole number from 0 to 1000."
  }
}

variable "fargate_spot_weight" {
  description = "Share beyond fargate_base that runs on FARGATE_SPOT: up to 70 % cheaper, gone at two minutes' notice."
  type        = number
  nullable    = false
  default     = 0

  validation {
    condition = (
      var.fargate_spot_weight >= 0 && var.fargate_spot_weight <= 1000 &&
      floor(var.fargate_spot_weight) == var.fargate_spot_weight
    )
    error_message = "fargate_spot_weight must be a whole number from 0 to 1000."
  }

  validation {
    condition     = var.fargate_weight + var.fargate_spot_weight > 0
    error_message = "fargate_weight and fargate_spot_weight must not both be 0: no task could be placed."
  }
}

variable "scheduled_scaling" {
  description = "Limits of autoscaling from a moment on, such as schedule = \"cron(0 7 ? * MON-FRI *)\", by name. Free."
  type = map(object({
    schedule  = string
    min_count = number
    max_count = number
    timezone  = optional(string, "UTC")
  }))
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for action in values(var.scheduled_scaling) : can(regex("^(at|rate|cron)[(].+[)]$", action.schedule))])
    error_message = "scheduled_scaling must have schedules such as cron(0 7 ? * MON-FRI *), rate(1 day) or at(2030-01-01T00:00:00)."
  }

  validation {
    condition     = alltrue([for action in values(var.scheduled_scaling) : action.min_count >= 0 && action.min_count <= action.max_count])
    error_message = "scheduled_scaling must have a min_count of at least 0 that is not above max_count."
  }
}

# Network

variable "vpc_cidr" {
  description = "IPv4 range of the VPC. It is cut into sixteen subnets, of which each zone takes two."
  type        = string
  nullable    = false
  default     = "10.0.0.0/16"

  validation {
    condition     = try(cidrnetmask(var.vpc_cidr) != "" && cidrsubnet(var.vpc_cidr, 0, 0) == var.vpc_cidr, false)
    error_message = "vpc_cidr must be an IPv4 range that starts at its first address, such as 10.0.0.0/16."
  }

  # AWS allows no more than /16; a load balancer's subnet needs a /27 at least.
  validation {
    condition     = contains(range(16, 24), try(tonumber(split("/", var.vpc_cidr)[1]), 0))
    error_message = "vpc_cidr must be from /16 to /23 in size."
  }
}

variable "zone_count" {
  description = "Availability zones to use."
  type        = number
  nullable    = false
  default     = 2

  validation {
    condition     = contains([2, 3], var.zone_count)
    error_message = "zone_count must be 2 or 3: a load balancer needs two, and some regions have no more than three."
  }
}

variable "single_nat_gateway" {
  description = "One NAT gateway for all zones, not one a zone. Each costs about 33 USD a month and 0.045 USD a GB."
  type        = bool
  nullable    = false
  default     = true
}

variable "interface_endpoints" {
  description = "Endpoints of ECR and CloudWatch Logs in the VPC. Each costs about 7.30 USD a month and zone: 44 USD for two zones."
  type        = bool
  nullable    = false
  default     = false
}

variable "flow_logs" {
  description = "Whether the VPC's traffic is logged."
  type        = bool
  nullable    = false
  default     = true
}

variable "flow_logs_destination" {
  description = "Where flow logs go: cloudwatch or s3, which is slower to search. 0.50 USD a GB of log in the first, 0.25 USD in the second."
  type        = string
  nullable    = false
  default     = "cloudwatch"

  validation {
    condition     = contains(["cloudwatch", "s3"], var.flow_logs_destination)
    error_message = "flow_logs_destination must be cloudwatch or s3."
  }
}

# Load balancer

variable "domain_name" {
  description = "Domain name of the app: HTTPS is served and HTTP redirects to it. Null: HTTP alone."
  type        = string
  default     = null

  validation {
    condition = var.domain_name == null || (
      can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])+[a-z]([a-z0-9-]{0,61}[a-z0-9])$", var.domain_name)) &&
      try(length(var.domain_name) <= 253, false)
    )
    error_message = "domain_name must be a name in lower case such as app.example.com: no scheme, no port, no asterisk."
  }
}

variable "certificate_arn" {
  description = "ARN of a certificate of this region for domain_name. Empty: one is made with hosted_zone_name. Free."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = var.certificate_arn == "" || can(regex("^arn:aws[a-z-]*:(acm|iam):", var.certificate_arn))
    error_message = "certificate_arn must be the ARN of a certificate in ACM or IAM, or empty."
  }

  validation {
    condition     = var.certificate_arn == "" || var.domain_name != null
    error_message = "certificate_arn needs domain_name: the name that the certificate is for."
  }

  validation {
    condition     = var.certificate_arn != "" || var.domain_name == null || var.hosted_zone_name != null
    error_message = "domain_name needs certificate_arn, or hosted_zone_name, with which a certificate is made."
  }
}

variable "hosted_zone_name" {
  description = "Public Route 53 zone for domain_name's records. A zone costs 0.50 USD a month. Null: a DNS record made elsewhere leads to alb_dns_name."
  type        = string
  default     = null

  validation {
    condition = var.hosted_zone_name == null || try(
      var.domain_name == var.hosted_zone_name || endswith(var.domain_name, ".${var.hosted_zone_name}"), false
    )
    error_message = "hosted_zone_name must be domain_name or what it ends with: example.com for app.example.com."
  }
}

variable "access_logs" {
  description = "Whether the load balancer logs every request to S3. About 0.023 USD a GB and month."
  type        = bool
  nullable    = false
  default     = false
}

variable "waf" {
  description = "A web application firewall with AWS's rules. About 9 USD a month and 0.60 USD a million requests."
  type        = bool
  nullable    = false
  default     = false
}

variable "waf_rate_limit" {
  description = "Requests of one address in five minutes beyond which the firewall blocks it: offices share one."
  type        = number
  nullable    = false
  default     = 2000

  validation {
    condition     = var.waf_rate_limit >= 10 && var.waf_rate_limit <= 2000000000 && floor(var.waf_rate_limit) == var.waf_rate_limit
    error_message = "waf_rate_limit must be a whole number from 10 to 2000000000."
  }
}

variable "deletion_protection" {
  description = "Whether the load balancer and the bucket of its logs refuse to be deleted; true is right for production. Free."
  type        = bool
  nullable    = false
  default     = false
}

# Monitoring

variable "log_retention_days" {
  description = "Days that CloudWatch keeps logs. Storage costs 0.03 USD a GB and month."
  type        = number
  nullable    = false
  default     = 30

  # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
  validation {
    condition = contains([
      1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
    ], var.log_retention_days)
    error_message = join(" ", [
      "log_retention_days must be a number that CloudWatch offers: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365,",
      "400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653.",
    ])
  }
}

variable "log_mode" {
  description = "While CloudWatch is slow: non-blocking loses lines beyond 25 MiB of them, blocking makes the app wait."
  type        = string
  nullable    = false
  default     = "non-blocking"

  validation {
    condition     = contains(["non-blocking", "blocking"], var.log_mode)
    error_message = "log_mode must be non-blocking or blocking."
  }
}

variable "container_insights" {
  description = "Container Insights: enabled, enhanced (every task) or disabled. A metric costs 0.30 USD a month."
  type        = string
  nullable    = false
  default     = "enabled"

  validation {
    condition     = contains(["enabled", "enhanced", "disabled"], var.container_insights)
    error_message = "container_insights must be enabled, enhanced or disabled."
  }
}

variable "alarms" {
  description = "Alarms on the service, the load balancer and the app's log, to a topic. About 1.60 USD a month."
  type        = bool
  nullable    = false
  default     = false
}

variable "alarm_email" {
  description = "Address that alarms and failed deployments are mailed to, once its owner confirms. Null: nobody."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_email == null || can(regex("^[^@[:space:]]+@[^@[:space:]]+$", var.alarm_email))
    error_message = "alarm_email must be one address, such as oncall@example.com."
  }

  validation {
    condition     = var.alarm_email == null || var.alarms
    error_message = "alarm_email needs alarms = true: without alarms there is nothing to mail."
  }
}

variable "alarm_topic_arn" {
  description = "Existing SNS topic for alarms and events, which CloudWatch and EventBridge may publish to. Null: a new one."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_topic_arn == null || can(regex("^arn:aws[a-z-]*:sns:", var.alarm_topic_arn))
    error_message = "alarm_topic_arn must be the ARN of an SNS topic."
  }

  validation {
    condition     = var.alarm_topic_arn == null || var.alarms
    error_message = "alarm_topic_arn needs alarms = true: without alarms there is nothing to publish."
  }
}

variable "alarm_rollback" {
  description = "Whether ECS rolls a deployment back for 5xx, latency or log errors. It then watches each for 3 minutes."
  type        = bool
  nullable    = false
  default     = true
}

variable "runbook_url" {
  description = "Address of the page that says what to do, which ends every alarm's text. Null: there is none."
  type        = string
  default     = null

  validation {
    condition     = var.runbook_url == null || can(regex("^https?://[^[:space:]\"<>]+$", var.runbook_url))
    error_message = "runbook_url must be an address such as https://example.com/runbook."
  }
}

variable "alarm_cpu_percent" {
  description = "CPU use that is too much for 15 minutes: autoscaling holds 60, so 85 means that it cannot."
  type        = number
  nullable    = false
  default     = 85

  validation {
    condition     = var.alarm_cpu_percent > 0 && var.alarm_cpu_percent <= 100
    error_message = "alarm_cpu_percent must be more than 0 and at most 100."
  }
}

variable "alarm_memory_percent" {
  description = "Memory use that is too much for 15 minutes: beyond 100 a task is killed, 85 leaves time to look."
  type        = number
  nullable    = false
  default     = 85

  validation {
    condition     = var.alarm_memory_percent > 0 && var.alarm_memory_percent <= 100
    error_message = "alarm_memory_percent must be more than 0 and at most 100."
  }
}

variable "alarm_latency_seconds" {
  description = "Time of the slowest hundredth of requests that is too much for 3 minutes: at 1 s people notice."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition     = var.alarm_latency_seconds > 0
    error_message = "alarm_latency_seconds must be more than 0."
  }
}

variable "alarm_5xx_percent" {
  description = "Share of 5xx answers that is too much for 3 minutes: single failures stay below 5, a bad version does not."
  type        = number
  nullable    = false
  default     = 5

  validation {
    condition     = var.alarm_5xx_percent >= 0 && var.alarm_5xx_percent < 100
    error_message = "alarm_5xx_percent must be at least 0 and less than 100."
  }
}

variable "alarm_5xx_min_requests" {
  description = "Requests a minute below which alarm_5xx_percent does not count: of 10 requests at night, one is 10 %."
  type        = number
  nullable    = false
  default     = 20

  validation {
    condition     = var.alarm_5xx_min_requests >= 1
    error_message = "alarm_5xx_min_requests must be at least 1."
  }
}

variable "alarm_load_balancer_5xx" {
  description = "5xx answers a minute of the load balancer itself that are too many for 3 minutes: one may be a lost zone."
  type        = number
  nullable    = false
  default     = 10

  validation {
    condition     = var.alarm_load_balancer_5xx >= 0
    error_message = "alarm_load_balancer_5xx must be at least 0."
  }
}

variable "alarm_restarts" {
  description = "Tasks that end by themselves or fail to start in one minute: ECS replaces one, three are a cause."
  type        = number
  nullable    = false
  default     = 3

  validation {
    condition     = var.alarm_restarts >= 1
    error_message = "alarm_restarts must be at least 1."
  }
}

variable "alarm_log_errors" {
  description = "Lines a minute that match alarm_log_pattern and are too many for 3 minutes: a bad version logs more at once."
  type        = number
  nullable    = false
  default     = 10

  validation {
    condition     = var.alarm_log_errors >= 0
    error_message = "alarm_log_errors must be at least 0."
  }
}

variable "alarm_log_pattern" {
  description = "CloudWatch filter pattern of an error in the app's log; this one fits the app's JSON lines."
  type        = string
  nullable    = false
  default     = "{ $.level = \"error\" }"

  validation {
    condition     = length(var.alarm_log_pattern) >= 1 && length(var.alarm_log_pattern) <= 1024
    error_message = "alarm_log_pattern must have 1 to 1024 characters."
  }
}

variable "alarm_certificate_days" {
  description = "Days that a certificate has to be valid still: ACM renews its own 60 before the end, so 30 means it failed."
  type        = number
  nullable    = false
  default     = 30

  validation {
    condition     = var.alarm_certificate_days >= 1
    error_message = "alarm_certificate_days must be at least 1."
  }
}

variable "dashboard" {
  description = "A CloudWatch dashboard for an incident. About 3 USD a month; an account's first three are free."
  type        = bool
  nullable    = false
  default     = false
}

variable "url_health_check" {
  description = "Whether Route 53 asks the URL from outside; its alarm needs region us-east-1. About 3.50 USD a month."
  type        = bool
  nullable    = false
  default     = false

  validation {
    condition     = !var.url_health_check || var.domain_name != null
    error_message = "url_health_check needs domain_name: it asks for https:// and that name."
  }
}

variable "url_health_check_text" {
  description = "Text that has to be in the first 5120 bytes of the answer at health_check_path. Null: a status of 2xx or 3xx is enough."
  type        = string
  default     = "ready"

  validation {
    condition     = try(length(var.url_health_check_text) >= 1 && length(var.url_health_check_text) <= 255, var.url_health_check_text == null)
    error_message = "url_health_check_text must have 1 to 255 characters."
  }
}

variable "url_health_check_regions" {
  description = "Regions that Route 53 asks from, three or more. Null: all that it has."
  type        = list(string)
  default     = null

  # https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
  validation {
    condition = var.url_health_check_regions == null || try(
      length(distinct(var.url_health_check_regions)) >= 3 && length(setsubtract(var.url_health_check_regions, [
        "us-east-1", "us-west-1", "us-west-2", "eu-west-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "sa-east-1",
      ])) == 0, false
    )
    error_message = join(" ", [
      "url_health_check_regions must be three or more of us-east-1, us-west-1, us-west-2, eu-west-1, ap-southeast-1,",
      "ap-southeast-2, ap-northeast-1 and sa-east-1.",
    ])
  }
}

variable "name" {
  description = "Name of everything that this module makes."
  type        = string
  default     = "reconciler-drift"
}

variable "image" {
  description = "Image with reconciler and the project files in its working directory (README.md shows how it is built), by digest or by a tag that does not move."
  type        = string
}

variable "repository_arn" {
  description = "ECR repository of the image; null where it is pulled from elsewhere, without credentials."
  type        = string
  default     = null
}

variable "arguments" {
  description = "What follows `reconciler drift`: projects and flags."
  type        = list(string)
  default     = ["."]
}

variable "shards" {
  description = "How many tasks share the projects: each gets `--shard I/N`, so `arguments` has to name a folder."
  type        = number
  default     = 1
}

variable "schedule" {
  description = "When: an expression of EventBridge Scheduler."
  type        = string
  default     = "rate(1 hour)"
}

variable "timezone" {
  description = "Time zone of the schedule."
  type        = string
  default     = "UTC"
}

variable "cluster_arn" {
  description = "Cluster that the task runs in. It need not be one that is watched."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the task. They have to reach the APIs of AWS, by NAT, endpoints or a public address."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups of the task; nothing comes in, HTTPS goes out."
  type        = list(string)
}

variable "assign_public_ip" {
  description = "Whether the task has a public address: in subnets without NAT and endpoints."
  type        = bool
  default     = false
}

variable "architecture" {
  description = "Architecture of the image: X86_64 or ARM64."
  type        = string
  default     = "X86_64"
}

variable "cpu" {
  description = "CPU units of the task."
  type        = number
  default     = 256
}

variable "memory" {
  description = "Memory of the task, in MiB."
  type        = number
  default     = 512
}

variable "environment" {
  description = "Variables of the task, such as those that the project files read."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "More variables of the task, by ARNs of secrets or parameters that hold them: RECONCILER_SLACK_URL for `--notify slack`."
  type        = map(string)
  default     = {}
}

variable "policies" {
  description = "What `reconciler iam-policy drift` prints, one for each project. Without any the task may read the services of `service_arns`."
  type        = list(string)
  default     = []
}

variable "service_arns" {
  description = "Services that the task may read where `policies` is empty; null for every service of this account and region."
  type        = list(string)
  default     = null
}

variable "object_arns" {
  description = "More objects in S3 that the task may read: Terraform's states, where `policies` does not have them."
  type        = list(string)
  default     = []
}

variable "record_bucket" {
  description = "Bucket of the records (`record: s3://BUCKET/PREFIX` in the project files); null for none. What applies writes there, the task only reads, but for `notified/`: there it may remember what it told (`--notify-state`)."
  type        = string
  default     = null
}

variable "create_record_bucket" {
  description = "Whether `record_bucket` is made here; false where it is there already."
  type        = bool
  default     = true
}

variable "emails" {
  description = "Addresses that are told of drift and of runs that failed; each has to confirm."
  type        = list(string)
  default     = []
}

variable "log_retention_days" {
  description = "For how many days lines are kept."
  type        = number
  default     = 90
}

variable "tags" {
  description = "Tags of everything that this module makes."
  type        = map(string)
  default     = {}
}

# For CI, where plugins can be downloaded: tflint --init --config .tflint.aws.hcl && tflint --config .tflint.aws.hcl
tflint {
  required_version = ">= 0.50"
}

config {
  call_module_type = "none"
}

plugin "terraform" {
  enabled = true
  preset  = "all"
}

plugin "aws" {
  enabled = true
  version = "0.48.0"
  source  = "github.com/terraform-linters/tflint-ruleset-aws"
}

# Every rule of tflint's built-in ruleset for the Terraform language. Nothing here has to be downloaded, so it also runs
# offline; .tflint.aws.hcl adds what is known of AWS.
tflint {
  required_version = ">= 0.50"
}

config {
  # Modules are linted by those who write them.
  call_module_type = "none"
}

plugin "terraform" {
  enabled = true
  preset  = "all"
}

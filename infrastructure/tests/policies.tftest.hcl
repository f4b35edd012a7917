# The configuration as it is set, planned without an account: `fargate-ctl lint` asks the policies of this plan.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "as_configured" {
  command = plan

  variables {
    image_tag    = "policies"
    image_digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
  }

  assert {
    condition     = endswith(output.image, "@${var.image_digest}")
    error_message = "The image is ${output.image}."
  }
}

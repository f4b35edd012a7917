# Where the state lives is a matter of the environment: s3.tfbackend holds it, `terraform init` takes it with
# -backend-config=s3.tfbackend.
terraform {
  backend "s3" {}
}

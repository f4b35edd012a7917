terraform {
  # 1.11 is the first release whose S3 backend locks the state without a DynamoDB table (use_lockfile).
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

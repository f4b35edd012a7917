# Zones of the region itself: local and wavelength zones have to be opted into and run no Fargate.
data "aws_availability_zones" "this" {
  state = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

# The repository outlives every environment, so it is read and not made here.
data "aws_ecr_repository" "this" {
  name = var.repository_name
}

# Stand-in for terraform-aws-modules/vpc/aws: the part of its inputs, outputs and resources that this project uses, for
# tests and rehearsals on a machine that cannot reach the Terraform registry. A deployment to AWS uses the real module.

locals {
  nat_count = !var.enable_nat_gateway ? 0 : var.single_nat_gateway ? 1 : length(var.azs)
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_hostnames = true
  enable_dns_support   = true

  tags = { Name = var.name }

  lifecycle {
    precondition {
      condition     = var.one_nat_gateway_per_az == !var.single_nat_gateway
      error_message = "The stand-in knows one NAT gateway or one a zone."
    }

    precondition {
      condition     = length(concat(var.default_security_group_ingress, var.default_security_group_egress)) == 0
      error_message = "The stand-in closes the default security group."
    }

    precondition {
      condition     = !var.manage_default_network_acl && !var.manage_default_route_table
      error_message = "The stand-in leaves the default network ACL and route table alone."
    }
  }
}

resource "aws_default_security_group" "this" {
  count = var.manage_default_security_group ? 1 : 0

  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-default" }
}

# Public side

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_subnet" "public" {
  count = length(var.public_subnets)

  vpc_id            = aws_vpc.this.id
  availability_zone = var.azs[count.index]
  cidr_block        = var.public_subnets[count.index]

  tags = { Name = "${var.name}-public-${var.azs[count.index]}" }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-public" }
}

resource "aws_route" "public" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "public" {
  count = length(var.public_subnets)

  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public.id
}

# Private side

resource "aws_eip" "nat" {
  count = local.nat_count

  domain = "vpc"

  tags = { Name = "${var.name}-${var.azs[count.index]}" }
}

resource "aws_nat_gateway" "this" {
  count = local.nat_count

  allocation_id = aws_eip.nat[count.index].id
  subnet_id     = aws_subnet.public[count.index].id

  tags = { Name = "${var.name}-${var.azs[count.index]}" }

  depends_on = [aws_internet_gateway.this]
}

resource "aws_subnet" "private" {
  count = length(var.private_subnets)

  vpc_id            = aws_vpc.this.id
  availability_zone = var.azs[count.index]
  cidr_block        = var.private_subnets[count.index]

  tags = { Name = "${var.name}-private-${var.azs[count.index]}" }
}

resource "aws_route_table" "private" {
  count = local.nat_count

  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-private-${var.azs[count.index]}" }
}

resource "aws_route" "private" {
  count = local.nat_count

  route_table_id         = aws_route_table.private[count.index].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[count.index].id
}

resource "aws_route_table_association" "private" {
  count = local.nat_count == 0 ? 0 : length(var.private_subnets)

  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.private[count.index % local.nat_count].id
}

# Flow log

resource "aws_flow_log" "this" {
  count = var.enable_flow_log ? 1 : 0

  vpc_id               = aws_vpc.this.id
  traffic_type         = "ALL"
  log_destination_type = "cloud-watch-logs"
  log_destination      = one(aws_cloudwatch_log_group.flow_log[*].arn)
  iam_role_arn         = one(aws_iam_role.flow_log[*].arn)
}

resource "aws_cloudwatch_log_group" "flow_log" {
  count = var.create_flow_log_cloudwatch_log_group ? 1 : 0

  name              = "/aws/vpc-flow-log/${aws_vpc.this.id}"
  retention_in_days = var.flow_log_cloudwatch_log_group_retention_in_days
}

data "aws_iam_policy_document" "flow_log_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "flow_log" {
  count = var.create_flow_log_cloudwatch_iam_role ? 1 : 0

  name_prefix        = "${var.vpc_flow_log_iam_role_name}-"
  assume_role_policy = data.aws_iam_policy_document.flow_log_assume.json
}

data "aws_iam_policy_document" "flow_log" {
  count = var.create_flow_log_cloudwatch_iam_role ? 1 : 0

  statement {
    actions = [
      "logs:CreateLogStream",
      "logs:DescribeLogGroups",
      "logs:DescribeLogStreams",
      "logs:PutLogEvents",
    ]
    resources = [for group in aws_cloudwatch_log_group.flow_log : "${group.arn}:*"]
  }
}

resource "aws_iam_policy" "flow_log" {
  count = var.create_flow_log_cloudwatch_iam_role ? 1 : 0

  name_prefix = "${var.vpc_flow_log_iam_policy_name}-"
  policy      = data.aws_iam_policy_document.flow_log[0].json
}

resource "aws_iam_role_policy_attachment" "flow_log" {
  count = var.create_flow_log_cloudwatch_iam_role ? 1 : 0

  role       = aws_iam_role.flow_log[0].name
  policy_arn = aws_iam_policy.flow_log[0].arn
}

output "vpc_id" {
  description = "ID of the VPC."
  value       = aws_vpc.this.id
}

output "public_subnets" {
  description = "IDs of the public subnets."
  value       = aws_subnet.public[*].id
}

output "private_subnets" {
  description = "IDs of the private subnets."
  value       = aws_subnet.private[*].id
}

output "private_nat_gateway_route_ids" {
  description = "IDs of the routes from the private subnets to the NAT gateways."
  value       = aws_route.private[*].id
}

output "vpc_cidr_block" {
  description = "IPv4 range of the VPC."
  value       = aws_vpc.this.cidr_block
}

output "public_route_table_ids" {
  description = "IDs of the public subnets' route tables."
  value       = [aws_route_table.public.id]
}

output "private_route_table_ids" {
  description = "IDs of the private subnets' route tables."
  value       = aws_route_table.private[*].id
}

output "nat_public_ips" {
  description = "Public addresses of the NAT gateways."
  value       = aws_eip.nat[*].public_ip
}

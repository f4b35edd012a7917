# A domain name of one's own. With hosted_zone_name its records are made here and, unless there is one already, the
# certificate; without it, both are made elsewhere.

locals {
  https = var.domain_name != null
  certificate_arn = (
    var.certificate_arn != ""
    ? var.certificate_arn
    : one(aws_acm_certificate_validation.this[*].certificate_arn)
  )

  zone_id           = one(data.aws_route53_zone.this[*].zone_id)
  makes_certificate = var.hosted_zone_name != null && var.certificate_arn == ""
}

data "aws_route53_zone" "this" {
  count = var.hosted_zone_name != null ? 1 : 0

  name = var.hosted_zone_name
}

resource "aws_acm_certificate" "this" {
  count = local.makes_certificate ? 1 : 0

  domain_name       = var.domain_name
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

# It stays, because ACM looks for it again whenever it renews the certificate.
resource "aws_route53_record" "validation" {
  count = local.makes_certificate ? 1 : 0

  zone_id = local.zone_id
  name    = one(aws_acm_certificate.this[0].domain_validation_options).resource_record_name
  type    = one(aws_acm_certificate.this[0].domain_validation_options).resource_record_type
  records = [one(aws_acm_certificate.this[0].domain_validation_options).resource_record_value]
  ttl     = 300
  # An account's certificates for the same name share one record.
  allow_overwrite = true
}

# Waits until ACM has issued the certificate: a listener takes no other.
resource "aws_acm_certificate_validation" "this" {
  count = local.makes_certificate ? 1 : 0

  certificate_arn         = aws_acm_certificate.this[0].arn
  validation_record_fqdns = aws_route53_record.validation[*].fqdn
}

# AAAA leads nowhere as long as the load balancer has IPv4 addresses alone: Route 53 then answers that there is none.
resource "aws_route53_record" "alias" {
  for_each = toset(var.hosted_zone_name != null ? ["A", "AAAA"] : [])

  zone_id = local.zone_id
  name    = var.domain_name
  type    = each.key

  alias {
    name                   = module.alb.dns_name
    zone_id                = module.alb.zone_id
    evaluate_target_health = true
  }
}

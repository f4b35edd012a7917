# No administration port is open to the internet: a shell in a task comes by ECS Exec, which needs no open port.
package network

import rego.v1

administration := {22: "SSH", 3389: "RDP"}

everywhere := {"0.0.0.0/0", "::/0"}

deny_open_administration contains {"address": resource.address, "msg": msg} if {
	some resource in data.plan.resources
	some range in ranges(resource)
	range.cidr in everywhere
	some port, service in administration
	covers(range, port)
	msg := sprintf("It opens %s (port %d) to %s; name the addresses that need it, or use ECS Exec.", [service, port, range.cidr])
}

ranges(resource) := [{"from": from, "to": to, "protocol": protocol, "cidr": cidr} |
	some rule in ingress(resource)
	from := object.get(rule, "from_port", null)
	to := object.get(rule, "to_port", null)
	protocol := object.get(rule, "protocol", object.get(rule, "ip_protocol", null))
	some cidr in cidrs(rule)
]

ingress(resource) := object.get(resource.change.after, "ingress", []) if resource.type in {"aws_security_group", "aws_default_security_group"}

ingress(resource) := [resource.change.after] if {
	resource.type == "aws_security_group_rule"
	resource.change.after.type == "ingress"
}

ingress(resource) := [resource.change.after] if resource.type == "aws_vpc_security_group_ingress_rule"

cidrs(rule) := [cidr |
	some name in ["cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6"]
	value := object.get(rule, name, null)
	value != null
	some cidr in data.plan.as_list(value)
]

# All protocols are "-1", and then there are no ports.
covers(range, _) if range.protocol in {"-1", -1, "all"}

covers(range, port) if {
	range.from <= port
	port <= range.to
}

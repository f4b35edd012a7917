package network_test

import rego.v1

rule(type, after) := {"resource_changes": [{"address": "a", "mode": "managed", "type": type, "change": {"actions": ["create"], "after": after}}]}

test_ssh_for_everybody_in_each_form if {
	forms := [
		rule("aws_security_group", {"ingress": [{"from_port": 22, "to_port": 22, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"]}]}),
		rule("aws_security_group_rule", {"type": "ingress", "from_port": 0, "to_port": 65535, "protocol": "tcp", "ipv6_cidr_blocks": ["::/0"]}),
		rule("aws_vpc_security_group_ingress_rule", {"from_port": null, "to_port": null, "ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}),
	]
	every form in forms { count(data.network.deny_open_administration) > 0 with input as form }
}

test_what_is_meant_passes if {
	forms := [
		rule("aws_vpc_security_group_ingress_rule", {"from_port": 443, "to_port": 443, "ip_protocol": "tcp", "cidr_ipv4": "0.0.0.0/0"}),
		rule("aws_vpc_security_group_ingress_rule", {"from_port": 22, "to_port": 22, "ip_protocol": "tcp", "cidr_ipv4": "10.0.0.0/8"}),
		rule("aws_security_group_rule", {"type": "egress", "from_port": 0, "to_port": 0, "protocol": "-1", "cidr_blocks": ["0.0.0.0/0"]}),
	]
	every form in forms { count(data.network.deny_open_administration) == 0 with input as form }
}

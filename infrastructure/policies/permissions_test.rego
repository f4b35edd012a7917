package permissions_test

import rego.v1

allows(actions, resources) := {"resource_changes": [{"address": "a", "mode": "managed", "type": "aws_iam_policy", "change": {
	"actions": ["create"],
	"after": {"policy": json.marshal({"Statement": {"Effect": "Allow", "Action": actions, "Resource": resources}})},
}}]}

test_everything if {
	count(data.permissions.deny_every_action) == 1 with input as allows("*", "*")
	count(data.permissions.deny_every_action) == 1 with input as allows(["s3:*", "s3:GetObject"], "arn:aws:s3:::b/*")
	count(data.permissions.deny_every_action) == 0 with input as allows("s3:Get*", "arn:aws:s3:::b/*")
}

test_every_resource if {
	count(data.permissions.deny_every_resource) == 1 with input as allows(["s3:GetObject", "ecr:GetAuthorizationToken"], "*")
	count(data.permissions.deny_every_resource) == 0 with input as allows(["ecr:GetAuthorizationToken", "ssmmessages:OpenDataChannel"], "*")
}

test_administrator if {
	attaches := {"resource_changes": [{"address": "a", "mode": "managed", "type": "aws_iam_role_policy_attachment", "change": {
		"actions": ["create"],
		"after": {"policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"},
	}}]}
	count(data.permissions.deny_managed_administrator) == 1 with input as attaches
}

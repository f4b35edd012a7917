# No statement allows everything, or everything of a service.
package permissions

import rego.v1

policy_arguments := {
	"aws_iam_policy": "policy",
	"aws_iam_role_policy": "policy",
	"aws_iam_user_policy": "policy",
	"aws_iam_group_policy": "policy",
	"aws_ecr_repository_policy": "policy",
	"aws_s3_bucket_policy": "policy",
}

allowed contains {"address": resource.address, "actions": statement.actions, "resources": statement.resources} if {
	some resource in data.plan.resources
	some statement in data.plan.statements(resource.change.after[policy_arguments[resource.type]])
	statement.effect == "Allow"
}

deny_every_action contains {"address": statement.address, "msg": msg} if {
	some statement in allowed
	some action in statement.actions
	regex.match(`^([a-z0-9-]+:)?\*$`, action)
	msg := sprintf("It allows %s. Name the actions that are needed.", [action])
}

# Actions for which AWS has no resource to name stand in data.json.
deny_every_resource contains {"address": statement.address, "msg": msg} if {
	some statement in allowed
	"*" in statement.resources
	broad := [action | some action in statement.actions; not has_no_resource(action)]
	count(broad) > 0
	msg := sprintf("It allows %s on every resource. Name the resources.", [concat(", ", broad)])
}

has_no_resource(action) if {
	some pattern in data.without_resources
	glob.match(pattern, null, action)
}

deny_managed_administrator contains {"address": resource.address, "msg": msg} if {
	some resource in data.plan.resources
	arn := resource.change.after.policy_arn
	endswith(arn, ":aws:policy/AdministratorAccess")
	msg := "It attaches AdministratorAccess. `fargate-ctl policy` prints what a deployment needs."
}

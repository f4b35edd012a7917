# What the other policies ask of a plan, in the form of `terraform show -json PLAN`. What is not known before the apply is
# null here: a policy then says nothing of it.
package plan

import rego.v1

# The resources that there are after the apply, those that Terraform leaves as they are included.
resources contains resource if {
	some resource in input.resource_changes
	resource.mode == "managed"
	is_object(resource.change.after)
}

# Those that the apply deletes, replaced ones included.
deleted contains resource if {
	some resource in input.resource_changes
	resource.mode == "managed"
	"delete" in resource.change.actions
}

# The statements of a policy document, each with lists for actions, resources and principals.
statements(document) := [statement |
	some each in as_list(json.unmarshal(document).Statement)
	statement := {
		"effect": each.Effect,
		"actions": as_list(object.get(each, "Action", [])),
		"resources": as_list(object.get(each, "Resource", [])),
		"principal": object.get(each, "Principal", null),
		"conditions": object.get(each, "Condition", {}),
	}
]

as_list(value) := value if is_array(value)

else := [value]

# What holds data is destroyed or replaced only where somebody has said so, by a tag, in an apply before.
package protection

import rego.v1

deny_destroy contains {"address": resource.address, "msg": msg} if {
	some resource in data.plan.deleted
	resource.type in data.stateful
	not has_label(resource)
	msg := sprintf("It holds data, and this plan %s it. Apply the tag AllowDestroy = \"true\" first, if that is meant.", [verb(resource)])
}

has_label(resource) if resource.change.before.tags.AllowDestroy == "true"

verb(resource) := "replaces" if "create" in resource.change.actions

else := "destroys"

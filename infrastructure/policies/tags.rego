# Whoever looks at the bill or at an incident has to know whose a resource is.
package tags

import rego.v1

# What can be tagged says so by `tags_all`, to which the provider's default_tags belong. Before the provider has answered, it is not known.
deny_missing contains {"address": resource.address, "msg": msg} if {
	some resource in data.plan.resources
	tags := resource.change.after.tags_all
	is_object(tags)
	missing := [name | some name in data.required_tags; not tags[name]]
	count(missing) > 0
	msg := sprintf("It lacks the tag %s. The provider's default_tags give it to everything.", [concat(", ", missing)])
}

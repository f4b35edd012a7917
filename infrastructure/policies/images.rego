# A container runs what was built, and nothing else: an image by its digest, from a registry that we trust.
package images

import rego.v1

containers contains {"address": resource.address, "container": container.name, "image": container.image} if {
	some resource in data.plan.resources
	resource.type == "aws_ecs_task_definition"
	some container in json.unmarshal(resource.change.after.container_definitions)
}

deny_latest contains {"address": run.address, "msg": msg} if {
	some run in containers
	tag(run.image) == "latest"
	msg := sprintf("Container %s runs %s, whatever that is when a task starts. Name a version and its digest.", [run.container, run.image])
}

deny_without_digest contains {"address": run.address, "msg": msg} if {
	some run in containers
	not contains(run.image, "@sha256:")
	tag(run.image) != "latest"
	msg := sprintf("Container %s runs %s, and a tag can move. Add its digest: …@sha256:….", [run.container, run.image])
}

deny_registry contains {"address": run.address, "msg": msg} if {
	some run in containers
	not is_trusted(run.image)
	msg := sprintf("Container %s runs %s, which comes from none of the registries in data.json.", [run.container, run.image])
}

is_trusted(image) if {
	some pattern in data.registries
	glob.match(pattern, null, image)
}

# Without a tag and a digest it is `latest`.
tag(image) := "latest" if {
	not contains(image, "@")
	not contains(repository_and_tag(image), ":")
}

tag(image) := parts[count(parts) - 1] if {
	name := split(repository_and_tag(image), "@")[0]
	parts := split(name, ":")
	count(parts) > 1
}

tag(image) := "" if {
	contains(image, "@")
	not contains(split(repository_and_tag(image), "@")[0], ":")
}

# Without the registry, whose port follows a colon, too.
repository_and_tag(image) := parts[count(parts) - 1] if parts := split(image, "/")

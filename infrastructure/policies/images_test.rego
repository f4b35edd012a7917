package images_test

import rego.v1

runs(image) := {"resource_changes": [{"address": "a", "mode": "managed", "type": "aws_ecs_task_definition", "change": {
	"actions": ["create"],
	"after": {"container_definitions": json.marshal([{"name": "app", "image": image}])},
}}]}

ecr := "123456789012.dkr.ecr.eu-central-1.amazonaws.com/webapp"

digest := "sha256:0000000000000000000000000000000000000000000000000000000000000000"

test_latest_in_each_form if {
	every image in [ecr, concat(":", [ecr, "latest"]), "localhost:5000/webapp", "nginx"] {
		count(data.images.deny_latest) == 1 with input as runs(image)
	}
}

test_a_tag_without_a_digest if {
	count(data.images.deny_without_digest) == 1 with input as runs(concat(":", [ecr, "v1"]))
	count(data.images.deny_latest) == 0 with input as runs(concat(":", [ecr, "v1"]))
}

test_registry if {
	count(data.images.deny_registry) == 1 with input as runs(concat("@", ["docker.io/library/nginx", digest]))
	count(data.images.deny_registry) == 0 with input as runs(concat("@", ["public.ecr.aws/nginx/nginx", digest]))
}

test_a_digest_from_ecr_passes if {
	every name in [ecr, concat(":", [ecr, "v1"])] {
		count(data.images.deny_latest) == 0 with input as runs(concat("@", [name, digest]))
		count(data.images.deny_without_digest) == 0 with input as runs(concat("@", [name, digest]))
		count(data.images.deny_registry) == 0 with input as runs(concat("@", [name, digest]))
	}
}

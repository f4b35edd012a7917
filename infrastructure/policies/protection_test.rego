package protection_test

import rego.v1

deletes(type, actions, tags) := {"resource_changes": [{"address": "a", "mode": "managed", "type": type, "change": {"actions": actions, "before": {"tags": tags}, "after": null}}]}

test_data_is_kept if {
	count(data.protection.deny_destroy) == 1 with input as deletes("aws_s3_bucket", ["delete"], null)
	count(data.protection.deny_destroy) == 1 with input as deletes("aws_efs_file_system", ["create", "delete"], {})
	count(data.protection.deny_destroy) == 0 with input as deletes("aws_s3_bucket", ["delete"], {"AllowDestroy": "true"})
	count(data.protection.deny_destroy) == 0 with input as deletes("aws_ecs_task_definition", ["delete", "create"], {})
	count(data.protection.deny_destroy) == 0 with input as deletes("aws_s3_bucket", ["update"], null)
}

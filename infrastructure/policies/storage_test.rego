package storage_test

import rego.v1

one(type, after, unknown) := {"resource_changes": [{"address": "a", "mode": "managed", "type": type, "change": {"actions": ["create"], "after": after, "after_unknown": unknown}}]}

policy(statement) := one("aws_s3_bucket_policy", {"policy": json.marshal({"Statement": [statement]})}, {})

test_public_bucket_in_each_form if {
	forms := [
		one("aws_s3_bucket_acl", {"acl": "public-read"}, {}),
		one("aws_s3_bucket_public_access_block", {"block_public_acls": true, "restrict_public_buckets": false}, {}),
		policy({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}),
		policy({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:GetObject"}),
	]
	every form in forms { count(data.storage.deny_public_bucket) > 0 with input as form }
}

test_private_bucket_passes if {
	forms := [
		one("aws_s3_bucket_acl", {"acl": "private"}, {}),
		one("aws_s3_bucket_acl", {"acl": null}, {}),
		policy({"Effect": "Deny", "Principal": "*", "Action": "s3:*"}),
		policy({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}),
	]
	every form in forms { count(data.storage.deny_public_bucket) == 0 with input as form }
}

test_encryption if {
	count(data.storage.deny_unencrypted) == 1 with input as one("aws_efs_file_system", {"encrypted": null}, {})
	count(data.storage.deny_unencrypted) == 1 with input as one("aws_db_instance", {}, {})
	count(data.storage.deny_unencrypted) == 0 with input as one("aws_efs_file_system", {"encrypted": true}, {})
	count(data.storage.deny_unencrypted) == 0 with input as one("aws_efs_file_system", {}, {"encrypted": true})
}

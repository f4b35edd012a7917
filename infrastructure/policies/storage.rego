# No bucket is public, and what holds data is encrypted at rest.
package storage

import rego.v1

deny_public_bucket contains {"address": resource.address, "msg": msg} if {
	some resource in data.plan.resources
	resource.type == "aws_s3_bucket_acl"
	acl := resource.change.after.acl
	startswith(acl, "public-")
	msg := sprintf("The bucket's ACL is %s: everybody may read it. Leave the ACL out.", [acl])
}

deny_public_bucket contains {"address": resource.address, "msg": msg} if {
	some resource in data.plan.resources
	resource.type in {"aws_s3_bucket_public_access_block", "aws_s3_account_public_access_block"}
	some setting in ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]
	object.get(resource.change.after, setting, null) == false
	msg := sprintf("%s is false: the bucket could be made public. Set it to true.", [setting])
}

deny_public_bucket contains {"address": resource.address, "msg": msg} if {
	some resource in data.plan.resources
	resource.type == "aws_s3_bucket_policy"
	some statement in data.plan.statements(resource.change.after.policy)
	statement.effect == "Allow"
	is_everybody(statement.principal)
	statement.conditions == {}
	msg := "Its policy allows everybody. Name who may, or a condition."
}

is_everybody("*")

is_everybody(principal) if principal.AWS == "*"

# By type, the argument that says that it is encrypted.
encrypted := {
	"aws_db_instance": "storage_encrypted",
	"aws_ebs_volume": "encrypted",
	"aws_efs_file_system": "encrypted",
	"aws_elasticache_replication_group": "at_rest_encryption_enabled",
	"aws_rds_cluster": "storage_encrypted",
	"aws_redshift_cluster": "encrypted",
}

deny_unencrypted contains {"address": resource.address, "msg": msg} if {
	some resource in data.plan.resources
	setting := encrypted[resource.type]
	is_off(resource.change, setting)
	msg := sprintf("It is not encrypted at rest. Set %s = true.", [setting])
}

# What the provider decides during the apply is not known yet.
is_off(change, setting) if {
	object.get(change.after, setting, null) != true
	object.get(object.get(change, "after_unknown", {}), setting, false) != true
}

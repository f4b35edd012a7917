package tags_test

import rego.v1

tagged(after) := {"resource_changes": [{"address": "a", "mode": "managed", "type": "aws_vpc", "change": {"actions": ["create"], "after": after}}]}

test_tags if {
	count(data.tags.deny_missing) == 1 with input as tagged({"tags_all": {"Name": "x"}})
	count(data.tags.deny_missing) == 1 with input as tagged({"tags_all": {}})
	count(data.tags.deny_missing) == 0 with input as tagged({"tags_all": {"Project": "x"}})
	count(data.tags.deny_missing) == 0 with input as tagged({"name": "what cannot be tagged"})
}

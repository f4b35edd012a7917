import { EC2Client, paginateDescribeTags, type Filter } from '@aws-sdk/client-ec2'
import { clientDefaults, doing, timedCallOptions } from './client.ts'

/** Something of EC2's, such as `vpc-0a1b`, with its tags. */
export type Tagged = { id: string; tags: Record<string, string> }

/** As many values as one filter takes. */
const mostValues = 200

/**
 * Everything of EC2's in a region that has all of these tags; what was deleted within the last hour may be among it
 * (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html).
 * @throws CliError `unavailable`
 */
export async function findTagged(tags: Record<string, string>, region: string): Promise<Tagged[]> {
  const [[key, value] = ['', '']] = Object.entries(tags)
  const ids = [...(await readTags([{ Name: 'key', Values: [key] }, { Name: 'value', Values: [value] }], region)).keys()]
  const found = new Map<string, Record<string, string>>()
  for (let start = 0; start < ids.length; start += mostValues) {
    const of = await readTags([{ Name: 'resource-id', Values: ids.slice(start, start + mostValues) }], region)
    for (const [id, all] of of) found.set(id, all)
  }
  const hasAll = (all: Record<string, string>) => Object.entries(tags).every(([name, wanted]) => all[name] === wanted)
  return [...found].flatMap(([id, all]) => (hasAll(all) ? [{ id, tags: all }] : []))
}

async function readTags(Filters: Filter[], region: string): Promise<Map<string, Record<string, string>>> {
  const read = async () => {
    const found = new Map<string, Record<string, string>>()
    for await (const { Tags = [] } of paginateDescribeTags({ client: new EC2Client(clientDefaults(region)) }, { Filters }, timedCallOptions())) {
      for (const { ResourceId = '', Key = '', Value = '' } of Tags) found.set(ResourceId, { ...found.get(ResourceId), [Key]: Value })
    }
    return found
  }
  return doing('read the tags of what is in the account', read(), 'ec2:DescribeTags')
}

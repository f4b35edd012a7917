// Rules of security groups, as Terraform's provider sends them.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
import t from 'tap'
import { callQuery } from '../support/aws-calls.ts'
import { startEmbeddedAws } from '../support/embedded-aws.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('ministack')

const aws = await startEmbeddedAws({ tasksAre: 'processes' })
t.teardown(aws.stop)
const call = (Action: string, input: Record<string, string>) => callQuery(aws, 'ec2', { Action, Version: '2016-11-15', ...input })

t.test('with all protocols, ports say nothing: the rule that a new group has can be revoked with any', async (t) => {
  const created = await call('CreateSecurityGroup', { GroupName: 'web', GroupDescription: 'web' })
  const [, GroupId = ''] = /<groupId>(sg-\w+)</.exec(created) ?? []
  const everything = { 'IpPermissions.1.IpProtocol': '-1', 'IpPermissions.1.FromPort': '0', 'IpPermissions.1.ToPort': '0', 'IpPermissions.1.IpRanges.1.CidrIp': '0.0.0.0/0' }
  const describe = () => call('DescribeSecurityGroups', { 'GroupId.1': GroupId })
  t.match(await describe(), '<cidrIp>0.0.0.0/0</cidrIp>')
  t.match(await call('RevokeSecurityGroupEgress', { GroupId, ...everything }), '<return>true</return>')
  t.notMatch(await describe(), '<cidrIp>0.0.0.0/0</cidrIp>')
  await call('AuthorizeSecurityGroupEgress', { GroupId, ...everything })
  t.notMatch(await describe(), /<fromPort>/, 'as AWS describes it')
})

// VPC endpoints are described as they were put.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcEndpoint.html
import t from 'tap'
import { callQuery } from '../support/aws-calls.ts'
import { startEmbeddedAws } from '../support/embedded-aws.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('ministack')

const aws = await startEmbeddedAws({ tasksAre: 'processes' })
t.teardown(aws.stop)
const call = (Action: string, input: Record<string, string>) => callQuery(aws, 'ec2', { Action, Version: '2016-11-15', ...input })

t.test('an interface endpoint: put, changed, removed', async (t) => {
  const network = { VpcId: 'vpc-00000001', ServiceName: 'com.amazonaws.us-east-1.ecr.api', VpcEndpointType: 'Interface' }
  const created = await call('CreateVpcEndpoint', {
    ...network,
    'SubnetId.1': 'subnet-00000001',
    'SecurityGroupId.1': 'sg-00000001',
    'SecurityGroupId.2': 'sg-2',
    PrivateDnsEnabled: 'true',
    PolicyDocument: '{"Statement":[{"Effect":"Deny & <all>"}]}',
  })
  const [, id = ''] = /<vpcEndpointId>(vpce-\w+)</.exec(created) ?? []
  const describe = () => call('DescribeVpcEndpoints', { 'VpcEndpointId.1': id })
  for (const answer of [created, await describe()]) {
    t.match(answer, '<groupSet><item><groupId>sg-00000001</groupId></item><item><groupId>sg-2</groupId></item></groupSet>')
    t.match(answer, '<privateDnsEnabled>true</privateDnsEnabled>')
    t.match(answer, 'Deny &amp; &lt;all&gt;')
  }
  await call('ModifyVpcEndpoint', { VpcEndpointId: id, 'AddSecurityGroupId.1': 'sg-3', 'RemoveSecurityGroupId.1': 'sg-2', PrivateDnsEnabled: 'false', ResetPolicy: 'true' })
  t.match(await describe(), '<groupSet><item><groupId>sg-00000001</groupId></item><item><groupId>sg-3</groupId></item></groupSet><privateDnsEnabled>false<')
  t.notMatch(await describe(), 'Deny')
  await aws.restart()
  t.match(await describe(), '<groupId>sg-3</groupId>', 'also after a restart')
  await call('DeleteVpcEndpoints', { 'VpcEndpointId.1': id })
  t.notMatch(await describe(), id)
})

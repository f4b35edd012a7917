// Parameter Store, with the public parameters that ECS projects read.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html
import t from 'tap'
import { callJson } from '../support/aws-calls.ts'
import { startEmbeddedAws } from '../support/embedded-aws.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('ministack')

const aws = await startEmbeddedAws({ tasksAre: 'processes' })
t.teardown(aws.stop)
const call = (action: string, input: object) => callJson(aws, 'ssm', `AmazonSSM.${action}`, input)
const stable = '/aws/service/aws-for-fluent-bit/stable'

t.test('public parameters', async (t) => {
  const image = '906394416424.dkr.ecr.us-east-1.amazonaws.com/aws-for-fluent-bit'
  const parameter = { Name: stable, Type: 'String', Value: `${image}:stable`, ARN: `arn:aws:ssm:us-east-1::parameter${stable}`, DataType: 'text' }
  t.match(await call('GetParameter', { Name: stable, WithDecryption: true }), { Parameter: parameter })
  t.match(await call('GetParameter', { Name: '/aws/service/aws-for-fluent-bit/2.32.2' }), { Parameter: { Value: `${image}:2.32.2` } })
  t.match(await call('GetParametersByPath', { Path: '/aws/service/aws-for-fluent-bit' }), { Parameters: [{ Value: `${image}:latest` }, parameter] })
  t.match(await call('GetParameter', { Name: '/aws/service/aws-for-fluent-bit/none' }), { __type: 'ParameterNotFound' })
})

t.test('beside those of the account', async (t) => {
  await call('PutParameter', { Name: '/web/key', Type: 'String', Value: 'one' })
  t.match(await call('GetParameter', { Name: '/web/key' }), { Parameter: { Value: 'one' } })
  const { Parameters, InvalidParameters } = await call('GetParameters', { Names: ['/web/key', stable, '/web/none'] })
  t.same(Parameters.map(({ Name }: { Name: string }) => Name), ['/web/key', stable])
  t.same(InvalidParameters, ['/web/none'])
  t.match(await call('GetParameters', { Names: [stable] }), { Parameters: [{ Name: stable }], InvalidParameters: [] })
  t.match(await call('GetParametersByPath', { Path: '/web' }), { Parameters: [{ Name: '/web/key' }] })
})

import { z } from 'zod'
import { now } from '../clock.ts'
import type { Scope } from '../records.ts'
import type { Upstream } from '../upstream.ts'

/** The operations that public parameters can be read with. */
export const completed = ['GetParameter', 'GetParameters', 'GetParametersByPath'] as const

const asked = z.looseObject({ Name: z.string().optional(), Names: z.array(z.string()).default([]), Path: z.string().optional() })
const found = z.looseObject({ Parameters: z.array(z.unknown()).default([]), InvalidParameters: z.array(z.string()).default([]) })

const fluentBit = '/aws/service/aws-for-fluent-bit/'

/**
 * Parameter Store is ministack's; the gateway adds the public parameters of the log router that ECS tasks use.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html
 */
export function createSsm(upstream: Upstream) {
  const pass = (scope: Scope, action: string, input: unknown) => upstream.read(z.unknown(), scope, 'ssm', action, input)
  const getSeveral = async (scope: Scope, input: z.infer<typeof asked>) => {
    const known = input.Names.flatMap((name) => findPublic(scope, name) ?? [])
    const others = input.Names.filter((name) => !findPublic(scope, name))
    if (known.length > 0 && others.length === 0) return { Parameters: known, InvalidParameters: [] }
    const answer = await upstream.read(found, scope, 'ssm', 'GetParameters', { ...input, Names: others })
    return { ...answer, Parameters: [...answer.Parameters, ...known] }
  }
  return async (scope: Scope, action: string, raw: unknown): Promise<unknown> => {
    const input = asked.safeParse(raw).data
    if (!input) return pass(scope, action, raw)
    const parameter = action === 'GetParameter' && findPublic(scope, input.Name ?? '')
    if (parameter) return { Parameter: parameter }
    if (action === 'GetParameters') return getSeveral(scope, input)
    if (action !== 'GetParametersByPath' || `${input.Path}/`.replace('//', '/') !== fluentBit) return pass(scope, action, raw)
    return { Parameters: ['latest', 'stable'].map((tag) => findPublic(scope, fluentBit + tag)) }
  }
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/firelens-using-fluentbit.html, with most regions' account */
function findPublic({ region }: Scope, name: string) {
  const tag = name.startsWith(fluentBit) ? name.slice(fluentBit.length) : ''
  if (!/^(?:init-)?(?:latest|stable|\d+(?:\.\d+)+)$/.test(tag)) return undefined
  return {
    Name: name,
    Type: 'String',
    Value: `906394416424.dkr.ecr.${region}.amazonaws.com/aws-for-fluent-bit:${tag}`,
    Version: 1,
    LastModifiedDate: Math.floor(now()),
    ARN: `arn:aws:ssm:${region}::parameter${name}`,
    DataType: 'text',
  }
}

import { z } from 'zod'
import type { Scope } from '../records.ts'
import { like } from '../wildcards.ts'

const service = 'ecs-tasks.amazonaws.com'

const oneOrMany = z.union([z.string().transform((only) => [only]), z.array(z.string())])
const statement = z.looseObject({
  Effect: z.string(),
  Action: oneOrMany.default([]),
  Principal: z.union([z.literal('*').transform(() => ({ Service: ['*'] })), z.looseObject({ Service: oneOrMany.default([]) })]).default({ Service: [] }),
  Condition: z.record(z.string(), z.record(z.string(), z.union([oneOrMany, z.unknown().transform(() => [])]))).default({}),
})
type Statement = z.infer<typeof statement>
const policySchema = z.object({ Statement: z.union([z.array(statement), statement.transform((only) => [only])]) })

/**
 * Whether a role's trust policy lets tasks of that account and region assume it. Of conditions those that AWS recommends
 * against the confused deputy are looked at; others count as met.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html#create_task_iam_policy_and_role
 */
export function trustsTasks(policy: string, scope: Scope): boolean {
  const { data } = policySchema.safeParse(parse(policy))
  const concerning = data?.Statement.filter((each) => concerns(each) && isMet(each, scope)) ?? []
  return concerning.length > 0 && concerning.every(({ Effect }) => Effect === 'Allow')
}

const concerns = ({ Principal, Action }: Statement) =>
  Principal.Service.some((name) => name === service || name === '*') && Action.some((name) => like(name, 'sts:AssumeRole', true))

function isMet({ Condition }: Statement, { region, account }: Scope): boolean {
  const actual: Record<string, string> = { 'aws:sourceaccount': account, 'aws:sourcearn': `arn:aws:ecs:${region}:${account}:any` }
  const conditions = Object.entries(Condition).filter(([operator]) => /^(String(Equals|Like)|Arn(Equals|Like))(IfExists)?$/.test(operator))
  const keys = conditions.flatMap(([, each]) => Object.entries(each))
  return keys.every(([key, wanted]) => {
    const value = actual[key.toLowerCase()]
    return value === undefined || wanted.some((pattern) => like(pattern, value, true))
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

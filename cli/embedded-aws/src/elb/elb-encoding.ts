import type { Action, RuleCondition } from '@aws-sdk/client-elastic-load-balancing-v2'
import { escape } from '../xml.ts'

// ministack forgets the weights of target groups and the pairs of a query string condition. It keeps the text of a
// target group's ARN and of a condition's values, so they travel in those.

const prefix = 'weights:'

/** Puts what ministack would forget into fields that it keeps. */
export function encodeRules(body: Buffer): Buffer {
  const text = body.toString()
  if (!/ForwardConfig|QueryStringConfig/.test(text)) return body
  const input = new URLSearchParams(text)
  const groups: Record<string, string[]> = {}
  for (const [key, arn] of [...input]) {
    const [, action, member] =
      /^((?:Default)?Actions\.member\.\d+)(\.ForwardConfig\.TargetGroups\.member\.\d+)\.TargetGroupArn$/.exec(key) ?? []
    if (action) (groups[action] ??= []).push(`${arn}=${input.get(`${action}${member}.Weight`) ?? 1}`)
    const [, condition, index] = /^(Conditions\.member\.\d+)\.QueryStringConfig\.Values\.member\.(\d+)\.Value$/.exec(key) ?? []
    if (!condition) continue
    const name = input.get(`${condition}.QueryStringConfig.Values.member.${index}.Key`) ?? ''
    input.set(`${condition}.Values.member.${index}`, [name, arn].map(encodeURIComponent).join('='))
  }
  for (const [action, weighted] of Object.entries(groups)) {
    const [only = ''] = weighted
    input.set(`${action}.TargetGroupArn`, weighted.length === 1 ? (only.split('=')[0] as string) : prefix + weighted.join(','))
  }
  return Buffer.from(input.toString())
}

/** The answer as AWS gives it. */
export function decodeAnswer(xml: string): string {
  return xml
    .replace(new RegExp(`<TargetGroupArn>(${prefix}[^<]*)</TargetGroupArn>`, 'g'), (_, text: string) => {
      const members = readWeights(text).map(
        ({ TargetGroupArn, Weight }) =>
          `<member><TargetGroupArn>${TargetGroupArn}</TargetGroupArn><Weight>${Weight}</Weight></member>`,
      )
      const stickiness = '<TargetGroupStickinessConfig><Enabled>false</Enabled></TargetGroupStickinessConfig>'
      return `<ForwardConfig><TargetGroups>${members.join('')}</TargetGroups>${stickiness}</ForwardConfig>`
    })
    .replace(/<Field>query-string<\/Field><Values>(.*?)<\/Values>/g, (_, values: string) => {
      const pairs = [...values.matchAll(/<member>(.*?)<\/member>/g)].map(([, text = '']) => readPair(text))
      const members = pairs.map(
        ({ Key, Value }) => `<member>${Key ? `<Key>${escape(Key)}</Key>` : ''}<Value>${escape(Value)}</Value></member>`,
      )
      return `<Field>query-string</Field><QueryStringConfig><Values>${members.join('')}</Values></QueryStringConfig>`
    })
}

/** An action as it was given, of one that ministack kept. */
export function decodeAction(action: Action): Action {
  const { TargetGroupArn, ...rest } = action
  return TargetGroupArn?.startsWith(prefix) ? { ...rest, ForwardConfig: { TargetGroups: readWeights(TargetGroupArn) } } : action
}

/** A condition as it was given, of one that ministack kept. */
export function decodeCondition(condition: RuleCondition): RuleCondition {
  const { Field, Values = [] } = condition
  return Field === 'query-string' ? { Field, QueryStringConfig: { Values: Values.map(readPair) } } : condition
}

function readWeights(text: string) {
  const parts = text.slice(prefix.length).split(',')
  return parts.map((part) => ({ TargetGroupArn: part.split('=')[0] as string, Weight: Number(part.split('=')[1]) }))
}

function readPair(text: string): { Key?: string; Value: string } {
  const [key = '', value = ''] = text.split('=').map(decodeURIComponent)
  return key === '' ? { Value: value } : { Key: key, Value: value }
}

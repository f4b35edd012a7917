import type { IncomingMessage, ServerResponse } from 'node:http'
import { randomUUID } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { openState } from './state.ts'

/** https://docs.aws.amazon.com/autoscaling/application/APIReference/API_Operations.html */
const inputSchema = z.looseObject({
  ServiceNamespace: z.string().optional(),
  ResourceId: z.string().optional(),
  ScalableDimension: z.string().optional(),
  ResourceIds: z.array(z.string()).optional(),
  PolicyName: z.string().optional(),
  PolicyNames: z.array(z.string()).optional(),
  ResourceARN: z.string().optional(),
  Tags: z.record(z.string(), z.string()).optional(),
  TagKeys: z.array(z.string()).optional(),
})
type Input = z.infer<typeof inputSchema>
type Entry = { ARN: string; Tags: Record<string, string>; CreationTime: number } & Input
type Store = { targets: Record<string, Entry>; policies: Record<string, Entry> }

export type Autoscaling = { answer(request: IncomingMessage, response: ServerResponse): Promise<void> }

/** Application Auto Scaling as far as Terraform manages it: targets, policies and tags are kept, nothing is scaled. */
export async function openAutoscaling(stateDir: string): Promise<Autoscaling> {
  const state = await openState<Store>(stateDir, 'autoscaling.json', { targets: {}, policies: {} })

  const operations: Record<string, (input: Input, region: string) => object | undefined> = {
    RegisterScalableTarget: (input, region) => {
      const known = state.value.targets[targetKey(input)]
      const { Tags: _, ...settings } = input
      const target = { SuspendedState: noSuspension, ...known, ...settings, ...identity(known, input, 'scalable-target', region) }
      state.value.targets[targetKey(input)] = target
      return { ScalableTargetARN: target.ARN }
    },
    DescribeScalableTargets: (input) => ({
      ScalableTargets: select(state.value.targets, input).map(({ ARN, Tags: _, ...target }) => ({ ...target, ScalableTargetARN: ARN })),
    }),
    DeregisterScalableTarget: (input) => remove(state.value.targets, targetKey(input)),
    PutScalingPolicy: (input, region) => {
      const key = policyKey(input)
      const policy = { ...input, ...identity(state.value.policies[key], input, 'scalingPolicy', region) }
      state.value.policies[key] = policy
      return { PolicyARN: policy.ARN, Alarms: [] }
    },
    DescribeScalingPolicies: (input) => ({
      ScalingPolicies: select(state.value.policies, input).map(({ ARN, Tags: _, ...policy }) => ({ ...policy, PolicyARN: ARN, Alarms: [] })),
    }),
    DeleteScalingPolicy: (input) => remove(state.value.policies, policyKey(input)),
    DescribeScheduledActions: () => ({ ScheduledActions: [] }),
    ListTagsForResource: ({ ResourceARN }) => {
      const found = byArn(state.value, ResourceARN)
      return found && { Tags: found.Tags }
    },
    TagResource: ({ ResourceARN, Tags }) => {
      const found = byArn(state.value, ResourceARN)
      if (found) Object.assign(found.Tags, Tags)
      return found && {}
    },
    UntagResource: ({ ResourceARN, TagKeys = [] }) => {
      const found = byArn(state.value, ResourceARN)
      if (found) found.Tags = Object.fromEntries(Object.entries(found.Tags).filter(([key]) => !TagKeys.includes(key)))
      return found && {}
    },
  }
  return {
    async answer(request, response) {
      const action = String(request.headers['x-amz-target'] ?? '').split('.').at(-1) ?? ''
      const region = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? 'us-east-1'
      const input = inputSchema.parse(JSON.parse((await text(request)) || '{}'))
      const operation = operations[action]
      if (!operation) return reply(response, 400, { __type: 'UnknownOperationException', Message: action })
      const output = operation(input, region)
      await state.save(state.value)
      if (output) reply(response, 200, output)
      else reply(response, 400, { __type: 'ObjectNotFoundException', Message: `No scalable target or policy found for ${action}.` })
    },
  }
}

const noSuspension = { DynamicScalingInSuspended: false, DynamicScalingOutSuspended: false, ScheduledScalingSuspended: false }
const targetKey = (input: Input) => [input.ServiceNamespace, input.ResourceId, input.ScalableDimension].join(' ')
const policyKey = (input: Input) => `${targetKey(input)} ${input.PolicyName}`

function identity(known: Entry | undefined, input: Input, kind: string, region: string) {
  return {
    ARN: known?.ARN ?? `arn:aws:application-autoscaling:${region}:000000000000:${kind}/${randomUUID()}`,
    Tags: known?.Tags ?? input.Tags ?? {},
    CreationTime: known?.CreationTime ?? Date.now() / 1000,
  }
}

function select(records: Record<string, Entry>, input: Input): Entry[] {
  return Object.values(records).filter(
    (record) =>
      record.ServiceNamespace === input.ServiceNamespace &&
      (!input.ResourceIds || input.ResourceIds.includes(record.ResourceId ?? '')) &&
      (!input.ResourceId || input.ResourceId === record.ResourceId) &&
      (!input.ScalableDimension || input.ScalableDimension === record.ScalableDimension) &&
      (!input.PolicyNames || input.PolicyNames.includes(record.PolicyName ?? '')),
  )
}

function remove(records: Record<string, Entry>, key: string): object | undefined {
  if (!records[key]) return undefined
  delete records[key]
  return {}
}

function byArn({ targets, policies }: Store, arn: string | undefined): Entry | undefined {
  return [...Object.values(targets), ...Object.values(policies)].find(({ ARN }) => ARN === arn)
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body))
}

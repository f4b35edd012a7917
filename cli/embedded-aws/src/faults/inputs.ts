import { z } from 'zod'

/** Where faults are asked for. */
export const faultsPath = '/_embedded-aws/faults/'

/** The faults of AWS itself, which no call of its APIs can cause, and what each asks for. A new one is added here and in control.ts. */
export const faultInputs = {
  capacity: z
    .object({ unavailable: z.array(z.string()).describe('capacity providers and zones, separated by commas; empty gives all back') })
    .describe('no task is placed on these capacity providers and in these zones'),
  'spot-interruption': z
    .object({ group: z.string().describe('of which tasks, as in service:web') })
    .describe('AWS takes the capacity of the tasks on FARGATE_SPOT back'),
  'zone-loss': z
    .object({ zone: z.string().describe('for example eu-central-1a') })
    .describe('what runs in the zone no longer answers, and nothing is placed there'),
  kill: z
    .object({ task: z.string().describe("the task's ARN") })
    .describe('SIGKILL from outside, as when the kernel or the host ends a task'),
}

export type FaultName = keyof typeof faultInputs
export type FaultInput<Name extends FaultName> = z.infer<(typeof faultInputs)[Name]>

export const isFault = (name: string): name is FaultName => Object.hasOwn(faultInputs, name)

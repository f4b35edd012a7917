import { randomUUID } from 'node:crypto'
import type { Scope } from './records.ts'

/** @param resource what follows the account, e.g. `cluster/web` */
export const ecsArn = ({ region, account }: Scope, resource: string) => `arn:aws:ecs:${region}:${account}:${resource}`

export function scopeOf(arn: string): Scope {
  const [, , , region = '', account = ''] = arn.split(':')
  return { region, account }
}

/** Whether what an ARN names is of that region and account. */
export function isOf(scope: Scope, arn: string): boolean {
  const { region, account } = scopeOf(arn)
  return region === scope.region && account === scope.account
}

/** The last part of an ARN, or the name itself. */
export const nameOf = (arnOrName: string) => arnOrName.split('/').at(-1) as string

/** Ids of tasks and containers: 32 hexadecimal digits. */
export const newId = () => randomUUID().replaceAll('-', '')

/** Ids of deployments: nineteen digits. */
export const newNumber = () => String(BigInt(`0x${newId().slice(0, 15)}`) + 10n ** 18n).slice(0, 19)

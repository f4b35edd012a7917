import type { Receipt } from '../../src/rollout/receipt/receipt.ts'
import { digest, taskDefinition } from './fake-service.ts'

/** A receipt that proves webapp:v1, but for what is given. */
export function provedReceipt(more: Partial<Receipt> = {}): Receipt {
  const release = { repository: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/webapp', tag: 'v1', digest, platform: 'linux/amd64', version: '1.2.3', commit: null, ...more.release }
  return {
    version: 1,
    id: 'aaaaaaaa',
    command: 'deploy',
    startedAt: '2026-01-01T00:00:00Z',
    endedAt: '2026-01-01T00:01:00Z',
    by: { who: 'ann@laptop', identity: 'arn:aws:iam::123456789012:user/ann', run: null, fargateCtl: '0.1.0' },
    target: { account: '123456789012', region: 'eu-central-1', name: 'webapp', env: 'dev', state: 's3://state-bucket/webapp/dev/terraform.tfstate' },
    checkout: { commit: null, dirty: [] },
    before: null,
    taskDefinition: taskDefinition(2),
    service: null,
    url: null,
    variables: { values: {}, sensitive: [] },
    changes: { create: [], update: [], replace: [], destroy: [] },
    stages: [],
    deployment: null,
    timeline: [],
    stops: [],
    outcome: { kind: 'proved', version: '1.2.3', proof: { deployment: null, taskDefinition: taskDefinition(2), digest: release.digest, tasks: 2, app: { shows: 'digest', answer: release.tag } } },
    ...more,
    release,
  }
}

/** Where a receipt lies in the bucket of a test's state. */
export const keyOf = (env: string, { startedAt, id }: Receipt) => `state-bucket/webapp/${env}/receipts/webapp-${env}/${startedAt.replaceAll(':', '-')}-${id}.json`

import t from 'tap'
import { tellNothingBegins, type Truth } from '../../src/rollout/truth.ts'

const failed = { digest: null, taskDefinition: 'arn:aws:ecs:eu-central-1:123456789012:task-definition/web:3', at: new Date('2026-05-01T12:00:00Z'), reason: 'tasks failed to start' }
const outputs = { cluster_name: 'web-dev', service_name: 'web', alb_url: 'http://web.example' }

function tell(truth: Partial<Truth>): string[] {
  const warnings: string[] = []
  tellNothingBegins({ live: null, drift: null, takenBack: [], held: null, unknown: null, ...truth }, outputs, { warn: (text: string) => void warnings.push(text) })
  return warnings
}

t.test('a second run without a change, after a rollout that failed', (t) => {
  const live = { taskDefinition: failed.taskDefinition, digest: null, repository: undefined, since: undefined }
  t.match(tell({ live, takenBack: [failed] }), [/ECS does not try again: .*web:3 failed\.\n.*aws ecs update-service --cluster web-dev --service web --force-new-deployment/])
  t.same(tell({ live: { ...live, since: new Date('2026-05-01T13:00:00Z') }, takenBack: [failed] }), [], 'one that has succeeded since')
  t.same(tell({ live: { ...live, taskDefinition: 'another' }, takenBack: [failed] }), [], 'another one runs')
  t.same(tell({}), [])
  t.end()
})

import type { LoadReport } from '../../src/scenarios/client-load.ts'
import type { Observed, StoppedTask } from '../../src/rollout/observe.ts'

export const faultAt = new Date('2026-01-01T00:00:00Z')
export const after = (seconds: number) => new Date(Number(faultAt) + seconds * 1000)

export const allAnswered: LoadReport = { sent: 1000, failed: 0, failures: {}, answers: { v1: 1000 } }

const taskArn = 'arn:aws:ecs:eu-west-1:000000000000:task/web/0123456789abcdef'

export const stoppedTask = (task: StoppedTask['task'], log: string[] = []): StoppedTask => ({
  task: { taskArn, stoppingAt: after(2), stoppedAt: after(3), ...task },
  log,
})

const own = {
  status: 'ROLLBACK_SUCCESSFUL' as const,
  statusReason: 'ECS deployment circuit breaker: tasks failed to start.',
  finishedAt: after(12),
}

/** A deployment whose tasks crash, rolled back. */
export const rolledBack: Observed = {
  service: {},
  own,
  revision: undefined,
  revisions: [],
  targets: undefined,
  running: [],
  problem: undefined,
  events: [
    { at: after(1), message: '(service web) has started 2 tasks: (task 1) (task 2).' },
    { at: after(10), message: '(service web) (deployment ecs-svc/2) deployment failed: tasks failed to start.' },
    { at: after(12), message: '(service web) has reached a steady state.' },
  ],
  stopping: 0,
  deployments: [own],
  stopped: [
    stoppedTask(
      {
        stopCode: 'EssentialContainerExited',
        stoppedReason: 'Essential container in task exited',
        containers: [{ exitCode: 1 }],
      },
      ['{"level":"info"}', 'cannot go on', '{"level":"info"}'],
    ),
  ],
}

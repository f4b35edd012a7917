import { allocatesWithoutEnd, beforeApp, healthRoute, insteadOfApp, listensAfter, route, setVariables } from './broken-versions.ts'
import { withoutSigtermHandler, type Change } from './broken-versions.ts'
import type { Expected } from './expectations.ts'
import { alarmIsOff, deploys, deploysBefore, fires, hasShrunk, interruptsSpot, kills, losesZone, recovered } from './faults.ts'
import { scalesByRequests, scalesNoMore, sendsNothing, spreadsOverZones, usesSpot, watchesErrors, type Context, type Step } from './faults.ts'
import { deploymentEnded, isSteady, type Observed } from '../rollout/observe.ts'

/** A fault, and what should happen then. */
export type Scenario = {
  name: string
  /** One line: the fault, and what AWS does. */
  should: string
  /** Brings the service into the state that the fault needs. */
  prepare?: Step
  inject: Step
  /** Something that is done later, once this has been seen. */
  later?: { when: (seen: Observed) => boolean; what: Step }
  over: (seen: Observed) => boolean
  /** What comes to pass by itself after that, if `begin` is done. */
  afterwards?: { should: string; begin?: Step; holds: (context: Context) => Promise<boolean> }
  /** Puts back what the service's own settings do not tell. */
  end?: Step
  expected: Expected
  /** AWS's seconds that it may take; 900 unless it says otherwise. */
  limitSeconds?: number
  /** May be repeated to reach a number of requests. */
  repeatable?: boolean
}

const exited = { code: 'EssentialContainerExited', reason: /Essential container in task exited/ }
const failedElbChecks = { code: 'ServiceSchedulerInitiated', reason: /Task failed ELB health checks in \(target-group / }

/** The circuit breaker's answer to tasks that stop like this. */
const cannotStart = (stopped: Expected['stopped']): Expected => ({
  deployment: 'ROLLBACK_SUCCESSFUL',
  event: /deployment failed: tasks failed to start/,
  ...(stopped ? { stopped } : {}),
  requests: 'none fail',
})
/** Its answer to targets that are unhealthy for this reason. */
const unhealthy = (event: RegExp): Expected => ({ ...cannotStart(failedElbChecks), event })
const served: Expected = { deployment: 'SUCCESSFUL', event: /has reached a steady state/, requests: 'none fail' }

/** A version that differs from the good one in one thing. */
const version = (name: string, should: string, change: Change, expected: Expected): Scenario => ({
  name,
  should,
  inject: deploys(change),
  over: deploymentEnded,
  expected,
})

const goodUpdate: Scenario = {
  ...version('good-update', 'a good version is deployed under load: no request fails', setVariables({}), served),
  repeatable: true,
}

const crashLater: Scenario = {
  ...version(
    'crash-after-20-s',
    'healthy at first, exits with 1 after 20 s: the deployment completes, nothing rolls back, requests fail again and again',
    beforeApp((milliseconds) => {
      const crash = `console.error('The app crashes after a while.'); process.exit(1)`
      return `setTimeout(() => { ${crash} }, ${milliseconds(20)})`
    }),
    {
      deployment: 'SUCCESSFUL',
      event: /deployment completed/,
      stopped: { ...exited, exitCode: 1, log: /The app crashes after a while/ },
      requests: 'many fail',
    },
  ),
  over: ({ own, stopped }) =>
    own?.status === 'SUCCESSFUL' && stopped.filter(({ task }) => task.stopCode === exited.code).length >= 4,
}

const badVersions: Scenario[] = [
  version(
    'crash-at-start',
    'exits with 1 as it starts: rolled back after three failures',
    insteadOfApp(() => "console.error('The app crashes as it starts.'); process.exit(1)"),
    cannotStart({ ...exited, exitCode: 1, log: /The app crashes as it starts/ }),
  ),
  crashLater,
  version(
    'exits-0',
    'ends and exits with 0, which a service must not: rolled back',
    insteadOfApp(() => 'process.exit(0)'),
    cannotStart({ ...exited, exitCode: 0 }),
  ),
  version(
    'wrong-port',
    'listens on 9090 and not on 8080: targets unhealthy, rolled back',
    setVariables({ PORT: '9090' }),
    unhealthy(/\(port 8080\) is unhealthy in \(target-group .*\) due to \(reason Health checks failed\)/),
  ),
  version(
    'health-500',
    'the health route answers 500: targets unhealthy, rolled back',
    healthRoute(() => 'response.writeHead(500).end()'),
    unhealthy(/due to \(reason Health checks failed with these codes: \[500\]\)/),
  ),
  version(
    'health-slow',
    'the health route takes 10 s, longer than the timeout: targets unhealthy, rolled back',
    healthRoute((milliseconds) => `setTimeout(original, ${milliseconds(10)})`),
    unhealthy(/due to \(reason Request timed out\)/),
  ),
  version('slow-start', 'listens after 10 s, within the grace period of 30 s: deployed', listensAfter(10), served),
  version(
    'too-slow-start',
    'listens after 3 min, beyond the grace period: targets unhealthy, rolled back',
    listensAfter(180),
    unhealthy(/is unhealthy in \(target-group .*\) due to \(reason Health checks failed\)/),
  ),
  version(
    'out-of-memory',
    'needs more memory than its container may have: killed with 137, rolled back',
    allocatesWithoutEnd,
    cannotStart({ ...exited, exitCode: 137, container: /OutOfMemoryError: Container killed due to memory usage/ }),
  ),
  version(
    'image-missing',
    'the image tag is not in ECR: tasks cannot be started, rolled back',
    (_, container) => void (container.image = container.image?.replace(/:[^:/]+$/, ':no-such-tag')),
    cannotStart({ code: 'TaskFailedToStart', reason: /CannotPullContainerError: .*no-such-tag: not found/ }),
  ),
  version(
    'wrong-architecture',
    "the task definition's architecture is not the image's: exec format error, rolled back",
    (made) => {
      const cpuArchitecture = made.runtimePlatform?.cpuArchitecture === 'ARM64' ? 'X86_64' : 'ARM64'
      made.runtimePlatform = { ...made.runtimePlatform, cpuArchitecture }
    },
    cannotStart({ ...exited, exitCode: 1, log: /exec format error/ }),
  ),
  version(
    'secret-missing',
    'a secret names a parameter that does not exist: tasks cannot be started, rolled back',
    (_, container) => void (container.secrets = [{ name: 'API_TOKEN', valueFrom: '/webapp/no-such-parameter' }]),
    cannotStart({ code: 'TaskFailedToStart', reason: /ResourceInitializationError: unable to pull secrets or registry auth/ }),
  ),
  version(
    'log-group-missing',
    'the log group does not exist: tasks cannot be started, rolled back',
    (_, container) => {
      const options = { ...container.logConfiguration?.options, 'awslogs-group': '/ecs/no-such-group' }
      container.logConfiguration = { logDriver: 'awslogs', options }
    },
    cannotStart({ code: 'TaskFailedToStart', reason: /ResourceInitializationError: failed to validate logger args/ }),
  ),
  version(
    'read-only-root',
    'writes to its file system, which is read-only: exits with 1, rolled back',
    beforeApp(() => "import { writeFileSync } from 'node:fs'; writeFileSync('/app/cache.json', '{}')"),
    cannotStart({ ...exited, exitCode: 1, log: /EROFS: read-only file system/ }),
  ),
]

const whileServing: Scenario[] = [
  {
    name: 'ignores-sigterm',
    should: 'the running version ignores SIGTERM: killed 30 s later with 137, after its requests were finished',
    prepare: deploysBefore(withoutSigtermHandler),
    inject: deploys(setVariables({})),
    over: deploymentEnded,
    expected: { ...served, stopped: { code: 'ServiceSchedulerInitiated', exitCode: 137, afterSeconds: 30 } },
  },
  {
    name: 'alarm',
    should: 'a good version, but a deployment alarm fires: rolled back',
    prepare: watchesErrors,
    inject: fires,
    over: deploymentEnded,
    expected: { deployment: 'ROLLBACK_SUCCESSFUL', event: /deployment failed: alarm detected/, requests: 'none fail' },
  },
  {
    name: 'errors-under-load',
    should: 'a version that answers 500 though it is healthy: the load sets an alarm off, rolled back, and the alarm is OK again',
    prepare: watchesErrors,
    inject: deploys(route('/version', () => 'response.writeHead(500).end()')),
    over: deploymentEnded,
    afterwards: { should: 'the alarm is OK again', holds: alarmIsOff },
    expected: { deployment: 'ROLLBACK_SUCCESSFUL', event: /deployment failed: alarm detected/, requests: 'many fail' },
  },
  {
    name: 'scale-out',
    should: 'more requests than autoscaling holds a task: tasks come; the requests end: tasks go. No request fails',
    inject: scalesByRequests,
    over: ({ service }) => (service.runningCount ?? 0) > 2 && isSteady(service),
    afterwards: { should: 'without requests the tasks go again', begin: sendsNothing, holds: hasShrunk },
    end: scalesNoMore,
    expected: { event: /has started \d+ tasks/, requests: 'none fail' },
    limitSeconds: 2700,
  },
  {
    name: 'spot-interruption',
    should: 'AWS takes a Spot task back, SIGTERM first, and has no other: one task serves alone until there is capacity',
    prepare: usesSpot,
    inject: interruptsSpot,
    later: {
      when: ({ events, stopped }) =>
        stopped.length > 0 && events.some(({ message }) => /was unable to place a task/.test(message)),
      what: ({ service }) => service.control('capacity', { unavailable: [] }),
    },
    over: recovered,
    expected: {
      event: /was unable to place a task\. Reason: Capacity is unavailable at this time/,
      stopped: { code: 'SpotInterruption', reason: /Your Spot Task was interrupted/, exitCode: 0 },
      requests: 'none fail',
    },
  },
  {
    name: 'task-killed',
    should: 'one of the tasks is killed: what it was answering fails, another takes its place',
    inject: kills,
    over: recovered,
    expected: { event: /has reached a steady state/, stopped: { ...exited, exitCode: 137 }, requests: 'some may fail' },
  },
  {
    name: 'zone-lost',
    should: 'a zone no longer answers: requests fail until the health checks notice, then tasks start in the other zone',
    prepare: spreadsOverZones,
    inject: losesZone,
    over: recovered,
    expected: { event: /due to \(reason Request timed out\)/, stopped: failedElbChecks, requests: 'some may fail' },
  },
]

/** Every scenario, in the order in which `all` runs them. */
export const scenarios: Scenario[] = [goodUpdate, ...badVersions, ...whileServing]

/** Those that need containers: limits, a file system, a network or a first process of their own. */
export const needContainers = new Set(['wrong-port', 'out-of-memory', 'read-only-root', 'ignores-sigterm'])

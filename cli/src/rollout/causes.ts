import { settingsFile } from '../platform/project.ts'

/** What a task, or ECS itself, has told of one end. Texts are AWS's own. */
export type End = {
  stopCode?: string | undefined
  stoppedReason?: string | undefined
  /** Of the container that the task ended for. */
  container?: string | undefined
  containerReason?: string | undefined
  exitCode?: number | undefined
  healthCheck?: string | undefined
  /** The container's variable PORT, as its task definition sets it. */
  portVariable?: string | undefined
  /** The last lines of that container. */
  log: string[]
  /** What the service's events say that bears on this end. */
  events: string[]
  /** What the deployment itself says. */
  statusReason?: string | undefined
}

/** What a deployment's settings are, to name them and where they stand. */
export type Setup = {
  /** Name of the app's container, where it is known. */
  container: string | undefined
  /** The port that the load balancer asks. */
  port: number | undefined
  healthPath: string
  /** Seconds in which failed checks do not count. */
  gracePeriod: number | undefined
  /** `file:line` of the inputs that stand in a file. */
  places: ReadonlyMap<string, string>
  region: string
  repository: string
  tag: string
}

/** `isFatal`: trying again brings the same. */
export type Cause = { id: string; cause: string; fix: string; isFatal: boolean; place?: string | undefined }

/** What exit codes mean: https://tldp.org/LDP/abs/html/exitcodes.html, and 128 + n for the signal n. */
const meanings: Record<number, string> = {
  0: 'it ended without an error, and a service must not end',
  1: 'an error that the app met',
  2: 'wrong usage of the command, or an error that the app met',
  126: 'the command cannot be executed',
  127: 'the command was not found',
  129: 'SIGHUP',
  130: 'SIGINT',
  132: 'SIGILL: an instruction that this CPU does not have',
  134: 'SIGABRT: the program gave itself up',
  135: 'SIGBUS',
  136: 'SIGFPE',
  137: 'SIGKILL: out of memory, or not ended within the stop time-out',
  139: 'SIGSEGV: the program reached into memory that is not its own',
  143: 'SIGTERM: it was asked to end',
}

export const exitMeaning = (code: number): string | undefined => meanings[code] ?? (code > 128 && code < 160 ? `signal ${code - 128}` : undefined)

type Told = { end: End; setup: Setup; said: string[]; who: string; isApp: boolean; edit: (name: string, what: string) => string }
type Row = {
  id: string
  /** AWS's words. */
  says?: RegExp
  /** The container's. */
  logs?: RegExp
  holds?: (end: End, setup: Setup) => boolean
  /** A sentence, without its full stop. */
  cause: (told: Told) => string
  fix: (told: Told) => string
  /** The input to change. */
  input?: string
  /** It may pass by itself. */
  passes?: true
}

const noRoute = /i\/o timeout|deadline exceeded|request canceled|RequestCanceled|connection refused|no such host|network is unreachable|There is a connection issue|dial tcp/i
const refused = /AccessDenied|not authorized|403 Forbidden|no basic auth|denied: /i
// Every such message begins with "unable to pull secrets or registry auth".
const ofSecrets = /unable to (?:retrieve|fetch) secrets?\b|retrieved secret from|secrets from|secretsmanager:|ssm:GetParameter|failed to (?:fetch|retrieve) secret/i
const ofLogs = /logger args|log(?:ging)? driver|log group|log stream|logs:\w+/i
const ofFileSystem = /EFS|mount\.nfs4?/
const ofPull = /CannotPull\w*:|pull image manifest|pull registry auth|ecr registry auth|ecr:\w+/i
const checksFail = /unhealthy in |Task failed ELB health checks/
const loopback = /^(?:127\.\d+\.\d+\.\d+|localhost|\[?::1\]?)$/i
/** What most servers print: `listening on http://127.0.0.1:9090`, `{"message":"listening","port":8080}`. */
const listening = /\b(?:listen\w*|running|started|ready|serving|server|bound)\b[^\n]*?(?:(?<host>127\.\d+\.\d+\.\d+|localhost|\[?::1\]?|0\.0\.0\.0|\[?::\]?)["']?(?::|,?\s*["']?port["']?[\s:=]*)|\bport["']?[\s:=]*|:)(?<port>\d{2,5})\b/i

/** Where the app says that it listens. */
function findListening(log: string[]): { host: string | undefined; port: number } | undefined {
  for (const line of log.toReversed()) {
    const { host, port } = listening.exec(line)?.groups ?? {}
    if (port) return { host, port: Number(port) }
  }
  return undefined
}

const isRefused = ({ stoppedReason = '', events }: End) => {
  const unhealthy = events.filter((text) => /unhealthy in /.test(text))
  return checksFail.test(stoppedReason) ? !unhealthy.some((text) => /codes: \[|timed out/.test(text)) : unhealthy.some((text) => !/codes: \[|timed out/.test(text))
}
const anyPath = 'its subnets need a route to a NAT gateway, or VPC endpoints'
const roleNote = "the task definition's execution role"
const firstMatch = (texts: string[], pattern: RegExp) => texts.find((text) => pattern.test(text)) ?? ''
const named = (texts: string[], pattern: RegExp) => pattern.exec(firstMatch(texts, pattern))?.[1]

/**
 * What AWS says, the most telling first, and what it means.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
 */
const rows: Row[] = [
  {
    id: 'wrong-cpu',
    says: /exec format error|does not contain descriptor matching platform|no match(?:ing manifest)? for platform/i,
    logs: /exec format error/i,
    cause: () => 'The image is for another CPU than cpu_architecture says',
    fix: ({ edit }) => `Build it for that CPU (--platform linux/amd64 for X86_64, linux/arm64 for ARM64), or ${edit('cpu_architecture', 'set cpu_architecture to')} the image's.`,
    input: 'cpu_architecture',
  },
  {
    id: 'image-archived',
    says: /CannotPull[\s\S]*archiv|ImageArchived/i,
    cause: () => 'ECR has archived the image, and an archived image cannot be pulled',
    fix: ({ setup: { repository, tag, region } }) => `aws ecr update-image-storage-class --repository-name ${repository} --image-id imageTag=${tag} --target-storage-class STANDARD --region ${region}`,
  },
  {
    id: 'image-missing',
    says: /CannotPull\w*: [\s\S]*(?:not found|manifest unknown|name unknown|does not exist)/i,
    cause: ({ said }) => `The image is not in ECR${quote(named(said, /(\S+): not found/))}`,
    fix: () => 'fargate-ctl deploy --build (and let no lifecycle policy delete images in use).',
  },
  {
    id: 'pull-refused',
    holds: (end) => both(end, ofPull, refused) && !both(end, ofSecrets, refused),
    cause: () => 'The execution role may not pull the image from ECR',
    fix: ({ said }) => `Give ${roleNote} ${named(said, /perform: (ecr:\w+)/) ?? 'ecr:GetAuthorizationToken, ecr:BatchCheckLayerAvailability, ecr:GetDownloadUrlForLayer and ecr:BatchGetImage'}; see that the repository's policy does not deny it.`,
  },
  {
    id: 'pull-limited',
    says: /CannotPull[\s\S]*(?:toomanyrequests|429|rate limit|Rate exceeded)/i,
    cause: () => 'The registry limits how often this account pulls',
    fix: () => 'Copy the image into ECR and name it there, or deploy again in some minutes.',
    passes: true,
  },
  {
    id: 'disk-full',
    says: /no space left on device/i,
    logs: /ENOSPC|no space left on device/i,
    cause: () => "The task's disk is full: the image, or what the app writes, is larger than its 20 GiB",
    fix: () => 'Make the image smaller, or set ephemeral_storage in the task definition (up to 200 GiB).',
  },
  {
    id: 'no-route-to-ecr',
    holds: (end) => both(end, ofPull, noRoute) && !both(end, ofSecrets, /./),
    cause: () => 'The task has no way to ECR to fetch its image',
    fix: () => `Give it one: ${anyPath} for ecr.api, ecr.dkr and S3; its security group has to let port 443 out.`,
  },
  {
    id: 'cannot-pull',
    says: /CannotPull\w*:/,
    cause: ({ said }) => `The image cannot be pulled: ${brief(firstMatch(said, /CannotPull\w*:/))}`,
    fix: () => `See that the image exists, that ${roleNote} may pull it, and that the task has a way to ECR: ${anyPath}.`,
  },
  {
    id: 'secret-refused',
    holds: (end) => both(end, ofSecrets, refused),
    cause: ({ said }) => `The execution role may not read a secret that the task definition names${quote(named(said, /resource: (\S+)/))}`,
    fix: ({ said }) => `Give ${roleNote} ${named(said, /perform: ((?:ssm|secretsmanager|kms):\w+)/) ?? 'ssm:GetParameters or secretsmanager:GetSecretValue, and kms:Decrypt for a key of your own'}.`,
  },
  {
    id: 'secret-key-missing',
    says: /did not contain json key/i,
    cause: ({ said }) => `A secret does not contain the JSON key that the task definition names${quote(named(said, /json key (\S+)/i))}`,
    fix: () => "Add the key to the secret's value, or correct its name in the task definition.",
  },
  {
    id: 'no-route-to-secrets',
    holds: (end) => both(end, ofSecrets, noRoute),
    cause: () => 'The task has no way to Secrets Manager or Parameter Store',
    fix: () => `Give it one: ${anyPath} for secretsmanager and ssm; its security group has to let port 443 out.`,
  },
  {
    id: 'secret-missing',
    holds: (end) => both(end, ofSecrets, /invalid parameters|ParameterNotFound|ResourceNotFound|can't find the specified secret|not found/i),
    cause: ({ said }) => `A secret or parameter that the task definition names does not exist${quote(named(said, /invalid parameters: ([^\s,[]+)/i))}`,
    fix: ({ said }) => `Create it${quote(named(said, /invalid parameters: ([^\s,[]+)/i))} in this region, or correct its name in the task definition.`,
  },
  {
    id: 'secrets',
    says: /ResourceInitializationError: unable to pull secrets or registry auth/,
    cause: ({ said }) => `The secrets of the task, or the login for its image, cannot be read: ${brief(firstMatch(said, /unable to pull secrets/).replace(/^.*registry auth: /, ''))}`,
    fix: () => `See that each exists in this region, that ${roleNote} may read it, and that the task has a way there: ${anyPath}.`,
  },
  {
    id: 'log-group-missing',
    says: /log group does not exist/i,
    cause: ({ said }) => `The log group that the task definition names does not exist${quote(named(said, /does not exist: (\S+)/))}`,
    fix: ({ said }) => `aws logs create-log-group --log-group-name ${named(said, /does not exist: ([^\s,)]+)/) ?? '<its name>'}, or correct awslogs-group in the task definition.`,
  },
  {
    id: 'logs-refused',
    holds: (end) => both(end, ofLogs, refused),
    cause: () => 'The execution role may not write the log',
    fix: ({ said }) => `Give ${roleNote} ${named(said, /perform: (logs:\w+)/) ?? 'logs:CreateLogStream and logs:PutLogEvents'}.`,
  },
  {
    id: 'no-route-to-logs',
    holds: (end) => textsOf(end).some((text) => /ResourceInitializationError|CannotStartContainerError/.test(text) && ofLogs.test(text) && noRoute.test(text)),
    cause: () => 'The task has no way to CloudWatch Logs',
    fix: () => `Give it one: ${anyPath} for logs; its security group has to let port 443 out.`,
  },
  {
    id: 'file-system',
    holds: (end) => textsOf(end).some((text) => /ResourceInitializationError/.test(text) && ofFileSystem.test(text)),
    cause: ({ said }) => `The EFS file system cannot be mounted: ${explainMount(firstMatch(said, ofFileSystem))}`,
    fix: () => 'See that it has a mount target in every zone of the tasks, that its security group lets NFS (port 2049) in from them, that the path exists, and that the task role may mount it.',
  },
  {
    id: 'no-addresses',
    says: /not (?:have )?enough free (?:IP )?addresses|InsufficientFreeAddresses/i,
    cause: () => "The subnets have no free IP address for another task's network interface",
    fix: () => 'Use larger subnets (vpc_cidr), or remove network interfaces that nothing uses.',
  },
  {
    id: 'linked-role',
    says: /service[- ]linked role/i,
    cause: () => 'ECS cannot act in this account: its service-linked role is missing or cannot be assumed',
    fix: () => 'aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com',
  },
  {
    id: 'role',
    says: /unable to assume (?:the )?role/i,
    cause: ({ said }) => `ECS cannot assume the task's role${quote(named(said, /role '?(arn:[^\s'"]+)/))}`,
    fix: () => 'Let its trust policy allow ecs-tasks.amazonaws.com to assume it, and see that the role exists.',
  },
  {
    id: 'vcpu-quota',
    says: /limit on the number of vCPUs/i,
    cause: () => 'The account has reached its quota of Fargate vCPUs',
    fix: ({ setup: { region } }) => `Ask for more: https://${region}.console.aws.amazon.com/servicequotas/home/services/fargate/quotas (Fargate On-Demand or Spot vCPU resource count), or stop other tasks.`,
    passes: true,
  },
  {
    id: 'spot-interruption',
    says: /Spot (?:Task was interrupted|interruption)|^SpotInterruption$/i,
    cause: () => 'AWS has taken a Spot task back',
    fix: ({ edit }) => `${capital(edit('fargate_weight', 'give FARGATE a weight with fargate_weight'))}, so that not every task is on Spot.`,
    input: 'fargate_weight',
    passes: true,
  },
  {
    id: 'capacity',
    says: /Capacity is unavailable|no capacity|InsufficientCapacity/i,
    cause: () => 'AWS has no capacity for another task just now',
    fix: ({ edit }) => `Wait, add zones, or ${edit('fargate_weight', 'give FARGATE a weight besides FARGATE_SPOT with fargate_weight')}.`,
    input: 'fargate_weight',
    passes: true,
  },
  {
    id: 'placement',
    says: /was unable to place a task/,
    cause: ({ said }) => `ECS cannot place a task: ${brief(firstMatch(said, /unable to place a task/).replace(/^.*Reason: /, ''))}`,
    fix: () => 'Read the reason; https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html explains it.',
    passes: true,
  },
  {
    id: 'provisioning',
    says: /Timeout waiting for (?:network interface|EphemeralStorage)|network interface provision|unexpected EC2 error|failed to configure ENI/i,
    cause: ({ said }) => `AWS could not set the task up: ${brief(firstMatch(said, /Timeout waiting|network interface|EC2 error|ENI/i))}`,
    fix: () => "Deploy again; if it stays so, see AWS's health dashboard and the quota of network interfaces.",
    passes: true,
  },
  {
    id: 'initialization',
    says: /ResourceInitializationError/,
    cause: ({ said }) => `The task could not be set up: ${brief(firstMatch(said, /ResourceInitializationError/))}`,
    fix: () => `Most often the task has no way to AWS's APIs: ${anyPath}, and DNS resolution has to be on in the VPC.`,
  },
  {
    id: 'out-of-memory',
    says: /OutOfMemory|Container killed due to memory usage/i,
    logs: /JavaScript heap out of memory|Cannot allocate memory|java\.lang\.OutOfMemoryError/i,
    cause: ({ who }) => `${capital(who)} needs more memory than it has`,
    fix: ({ edit }) => `${capital(edit('memory', 'raise memory'))}, or find what takes it.`,
    input: 'memory',
  },
  {
    id: 'read-only',
    says: /read-only file system/i,
    logs: /EROFS|read-only file system/i,
    cause: ({ said, who }) => `${capital(who)} writes to its file system, which is read-only${quote(named(said, /(?:open|mkdir|unlink|rename|system:?) '([^']+)'/))}`,
    fix: ({ edit }) => `Write to /tmp or a volume, or ${edit('readonly_root_filesystem', 'set readonly_root_filesystem to false')}.`,
    input: 'readonly_root_filesystem',
  },
  {
    id: 'command-missing',
    holds: ({ exitCode, ...end }) => exitCode === 127 || textsOf(end).some((text) => /executable file not found|exec: .*no such file or directory/i.test(text)),
    cause: ({ said, who, end }) => `The command that ${who} starts with is not in the image${quote(named(said, /exec: "([^"]+)"/))}${end.exitCode === 127 ? ' (exit code 127)' : ''}`,
    fix: () => "Correct ENTRYPOINT or CMD in the Dockerfile, or command in the task definition; an image without a shell runs no shell's command.",
  },
  {
    id: 'command-not-executable',
    holds: ({ exitCode, ...end }) => exitCode === 126 || textsOf(end).some((text) => /CannotStartContainerError.*permission denied/i.test(text)),
    cause: ({ who, end }) => `The command that ${who} starts with may not be executed${end.exitCode === 126 ? ' (exit code 126)' : ''}`,
    fix: () => 'Make the file executable in the image (COPY --chmod=755), for the user that the container runs as.',
  },
  {
    id: 'port-forbidden',
    logs: /EACCES[^\n]*(?::|port\D*)(?:[1-9]\d{0,2})\b|bind[^\n]*permission denied/i,
    cause: () => 'The app may not listen on its port: only root has those below 1024',
    fix: ({ edit }) => `${capital(edit('container_port', 'set container_port to 1024 or more'))}.`,
    input: 'container_port',
  },
  {
    id: 'port-taken',
    logs: /EADDRINUSE|address already in use/i,
    cause: () => 'Two processes of the task want the same port',
    fix: () => 'Containers of one task share their ports: give each another, and start the app once.',
  },
  {
    id: 'container-health-check',
    holds: ({ stoppedReason = '', containerReason = '' }) => /failed container health checks/i.test(`${stoppedReason} ${containerReason}`),
    cause: ({ who, end }) => `The health check of ${who} fails${quote(end.healthCheck)}`,
    fix: ({ isApp, edit }) =>
      isApp
        ? `Run that command in the image; if it is the wrong one, ${edit('container_health_check', 'change container_health_check')}.`
        : 'Run that command in its image; if it is the wrong one, change it in the task definition.',
    input: 'container_health_check',
  },
  {
    id: 'health-code',
    holds: ({ events }) => events.some((text) => /unhealthy in .*codes: \[\d+/.test(text)),
    cause: ({ said, setup: { healthPath } }) => `The load balancer gets HTTP ${named(said, /codes: \[([\d, ]+)\]/)} from ${healthPath}, and not 200`,
    fix: ({ edit, setup: { healthPath } }) => `Let ${healthPath} answer with 200, or ${edit('health_check_path', 'set health_check_path to a path that does')}.`,
    input: 'health_check_path',
  },
  {
    id: 'health-time-out',
    holds: ({ events }) => events.some((text) => /unhealthy in .*timed out/i.test(text)),
    cause: ({ setup: { healthPath } }) => `The load balancer gets no answer from ${healthPath} in time`,
    fix: ({ edit, setup: { healthPath } }) => `Let ${healthPath} answer at once and wait for nothing else, or ${edit('health_check_path', 'set health_check_path to a path that does')}; a closed security group looks the same.`,
    input: 'health_check_path',
  },
  {
    id: 'only-on-loopback',
    holds: (end) => isRefused(end) && loopback.test(findListening(end.log)?.host ?? ''),
    cause: ({ end }) => `The app listens on ${findListening(end.log)?.host} alone, where the load balancer cannot reach it`,
    fix: () => 'Let the app listen on 0.0.0.0 (many read the variable HOST), and deploy again.',
  },
  {
    id: 'wrong-port',
    holds: (end, { port }) => isRefused(end) && port !== undefined && ![undefined, port].includes(listensOn(end)),
    cause: ({ end, setup: { port } }) => `The app listens on port ${listensOn(end)}, and the load balancer asks port ${port}`,
    fix: ({ end, edit }) => `Let the app listen on the port in the variable PORT, or ${edit('container_port', `set container_port to ${listensOn(end)}`)}.`,
    input: 'container_port',
  },
  {
    id: 'grace-period',
    holds: (end) => isRefused(end) && findListening(end.log) !== undefined,
    cause: ({ setup: { port, gracePeriod } }) => `The app was not ready on port ${port ?? 'asked'} when the grace period${gracePeriod === undefined ? '' : ` of ${gracePeriod} s`} ended`,
    fix: ({ edit }) => `${capital(edit('health_check_grace_period_seconds', 'raise health_check_grace_period_seconds'))}, or let the app listen before it does anything else.`,
    input: 'health_check_grace_period_seconds',
  },
  {
    id: 'health-refused',
    holds: (end) => isRefused(end),
    cause: ({ setup: { port, healthPath } }) => `The load balancer cannot connect to the task${port ? ` on port ${port}` : ''} for ${healthPath}`,
    fix: ({ edit }) => `Let the app listen on 0.0.0.0 and the variable PORT (${edit('container_port', 'container_port')}); if it starts slowly, ${edit('health_check_grace_period_seconds', 'raise health_check_grace_period_seconds')}.`,
    input: 'container_port',
  },
  {
    id: 'stopped-by-user',
    holds: ({ stopCode }) => stopCode === 'UserInitiated',
    cause: ({ end }) => `Somebody stopped the task: ${brief(end.stoppedReason ?? 'no reason given')}`,
    fix: () => 'Ask who did (CloudTrail: StopTask), and deploy again.',
    passes: true,
  },
  {
    id: 'stop-time-out',
    holds: ({ exitCode, stopCode }) => exitCode === 137 && stopCode === 'ServiceSchedulerInitiated',
    cause: ({ who }) => `${capital(who)} did not end within its stop time-out and was killed (exit code 137)`,
    fix: () => 'Let the app end on SIGTERM: an entry point in shell form (CMD node …) does not pass it on.',
  },
  {
    id: 'killed',
    holds: ({ exitCode }) => exitCode === 137,
    cause: ({ who }) => `${capital(who)} was killed (exit code 137), most often for want of memory`,
    fix: ({ edit }) => `${capital(edit('memory', 'raise memory'))}; if its memory was free, find out who sent SIGKILL.`,
    input: 'memory',
  },
  {
    id: 'exited',
    holds: ({ exitCode }) => exitCode === 0,
    cause: ({ who }) => `${capital(who)} ended without an error (exit code 0), and a service has to keep running`,
    fix: () => 'Let what the container starts (ENTRYPOINT, CMD) stay in the foreground.',
  },
  {
    id: 'crashed',
    holds: ({ exitCode }) => exitCode !== undefined,
    cause: ({ who, end }) => {
      const meaning = exitMeaning(end.exitCode ?? 1)
      return `${capital(who)} ended with exit code ${end.exitCode}${meaning ? ` (${meaning})` : ''}${quoted(lastWords(end.log))}`
    },
    fix: ({ end }) => `${end.log.length > 0 ? 'Read its last lines below, correct the app' : 'Find out why with `npm run rehearse`, correct the app'}, and run: fargate-ctl deploy --build`,
  },
  {
    id: 'cannot-start',
    says: /CannotStartContainerError|ContainerRuntimeError|ContainerRuntimeTimeoutError/,
    cause: ({ said }) => `The container cannot be started: ${brief(firstMatch(said, /CannotStartContainerError|ContainerRuntime/))}`,
    fix: () => "Correct the container's command, user and mounts in the task definition, and deploy again.",
  },
  {
    id: 'alarm',
    says: /alarm/i,
    cause: ({ said }) => `A deployment alarm fired: ${brief(firstMatch(said, /alarm/i))}`,
    fix: () => 'See what the alarm measures: the new version did that. Correct it and deploy again.',
  },
  {
    id: 'superseded',
    holds: ({ statusReason = '' }) => /newer (?:one|deployment)|superseded/i.test(statusReason),
    cause: () => 'Somebody started a newer deployment, which took the place of this one',
    fix: () => 'See what is deployed now, and run the same command again if this version is to serve.',
    passes: true,
  },
]

/** @returns the cause of an end, as far as AWS's words tell it */
export function causeOf(end: End, setup: Setup): Cause | undefined {
  const said = textsOf(end)
  const words = textsOf({ ...end, log: [] })
  const row = rows.find(({ says, logs, holds }) => (says && words.some((text) => says.test(text))) || (logs && end.log.some((text) => logs.test(text))) || holds?.(end, setup))
  if (!row) return undefined
  const isApp = !end.container || !setup.container || end.container === setup.container
  const who = isApp ? 'the app' : `the container ${end.container}`
  const edit = (name: string, what: string) => `${what} ${whereIs(name, setup)}`
  const told: Told = { end, setup, said, who, isApp, edit }
  return { id: row.id, cause: `${row.cause(told)}.`, fix: row.fix(told), isFatal: !row.passes, place: row.input && setup.places.get(row.input) }
}

/** Where an input is set, or is to be. */
function whereIs(name: string, { places }: Setup): string {
  const place = places.get(name)
  if (!place) return 'in the task definition'
  return /variables\.tf|\.tf:/.test(place) ? `in ${settingsFile('inputs')} (its default: ${place})` : `at ${place}`
}

/** Everything that AWS and the container said. */
function textsOf({ stopCode, stoppedReason, containerReason, statusReason, log, events }: Omit<End, 'exitCode'>): string[] {
  return [stopCode, containerReason, stoppedReason, statusReason, ...events, ...log].filter((text) => text !== undefined)
}

/** Whether one text says both; a log is the app's own and says nothing about AWS. */
const both = (end: End, what: RegExp, how: RegExp) => textsOf({ ...end, log: [] }).some((text) => what.test(text) && how.test(text))

/** Where the app listens by its log, or else by its variable PORT. */
function listensOn({ log, portVariable }: End): number | undefined {
  return findListening(log)?.port ?? (portVariable && /^\d+$/.test(portVariable) ? Number(portVariable) : undefined)
}

/** The line that tells most: an error, or the last that is not a record. */
export function lastWords(log: string[]): string | undefined {
  const plain = log.filter((line) => !line.startsWith('{') && line.trim() !== '')
  return plain.find((line) => /^(?:\w+\.)*\w*(?:Error|Exception)\b/.test(line)) ?? plain.at(-1)
}

function explainMount(text: string): string {
  if (/access denied/i.test(text)) return 'access is denied'
  if (/No such file or directory/i.test(text)) return 'the path does not exist on it'
  if (/Failed to resolve|name resolution/i.test(text)) return 'its name cannot be resolved in this VPC'
  return /timed? ?out/i.test(text) ? 'it does not answer' : brief(text)
}

const quote = (text: string | undefined) => (text ? ` (${text.replace(/[.,;]$/, '')})` : '')
const quoted = (text: string | undefined) => (text ? `: ${brief(text)}` : '')
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
const brief = (text: string) => {
  const line = text.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '')
  return line.length > 160 ? `${line.slice(0, 157)}…` : line
}

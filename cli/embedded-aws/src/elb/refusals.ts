import { AwsError } from '../aws-error.ts'
import { targetGroupsOf, type BalancerConfig, type Listener } from './config.ts'

type Refuse = (input: URLSearchParams, known: BalancerConfig) => AwsError | undefined

/** What AWS refuses of each operation, and ministack would take. */
const refusals: Record<string, Refuse[]> = {
  CreateListener: [findDuplicateListener, findMissingGroup, findMissingCertificate],
  ModifyListener: [findDuplicateListener, findMissingGroup],
  CreateRule: [findPriorityInUse, findMissingGroup],
  ModifyRule: [findMissingGroup],
  SetRulePriorities: [findPrioritiesInUse],
  DeleteTargetGroup: [findGroupInUse],
  DeleteLoadBalancer: [findProtection],
}

/**
 * What AWS refuses of a change to load balancers that ministack would take.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html#API_CreateListener_Errors
 * @param known everything of the region
 */
export function findRefusal(action: string, input: URLSearchParams, known: BalancerConfig): AwsError | undefined {
  for (const find of refusals[action] ?? []) {
    const refused = find(input, known)
    if (refused) return refused
  }
  return undefined
}

/** Two listeners of one load balancer on one port. */
function findDuplicateListener(input: URLSearchParams, { listeners }: BalancerConfig): AwsError | undefined {
  const changed = input.get('ListenerArn')
  const loadBalancerArn = input.get('LoadBalancerArn') ?? listeners.find(({ arn }) => arn === changed)?.loadBalancerArn
  const port = Number(input.get('Port'))
  if (!listeners.some((each) => each.loadBalancerArn === loadBalancerArn && each.port === port && each.arn !== changed)) return undefined
  return new AwsError('DuplicateListener', `A listener already exists on this port for this load balancer '${loadBalancerArn}'`)
}

function findMissingGroup(input: URLSearchParams, { groups }: BalancerConfig): AwsError | undefined {
  const arns = [...input].filter(([name]) => /Actions\..*TargetGroupArn$/.test(name)).map(([, arn]) => arn)
  const missing = arns.find((each) => !groups.some(({ arn }) => arn === each))
  return missing === undefined ? undefined : new AwsError('TargetGroupNotFound', `Target groups '${missing}' not found`)
}

function findMissingCertificate(input: URLSearchParams): AwsError | undefined {
  if (input.get('Protocol') !== 'HTTPS' || input.has('Certificates.member.1.CertificateArn')) return undefined
  return new AwsError('ValidationError', 'A certificate must be specified for HTTPS listeners')
}

/** Two rules of one listener with one priority. */
function findPriorityInUse(input: URLSearchParams, { listeners }: BalancerConfig): AwsError | undefined {
  const priority = input.get('Priority') ?? ''
  const listener = listeners.find(({ arn }) => arn === input.get('ListenerArn'))
  return listener?.rules.some((rule) => rule.priority === priority) ? priorityInUse(priority) : undefined
}

/** Rules may change places with each other, but not take that of another. */
function findPrioritiesInUse(input: URLSearchParams, { listeners }: BalancerConfig): AwsError | undefined {
  const moves = [...input].flatMap(([name, arn]) => {
    const [, index] = /^RulePriorities\.member\.(\d+)\.RuleArn$/.exec(name) ?? []
    return index ? [{ arn, priority: input.get(`RulePriorities.member.${index}.Priority`) ?? '' }] : []
  })
  const moved = new Set(moves.map(({ arn }) => arn))
  const taken = moves.find(({ arn, priority }) =>
    rulesBeside(listeners, arn).some((rule) => rule.priority === priority && !moved.has(rule.arn)),
  )
  return taken && priorityInUse(taken.priority)
}

const rulesBeside = (listeners: Listener[], arn: string) => listeners.find(({ rules }) => rules.some((rule) => rule.arn === arn))?.rules ?? []

const priorityInUse = (priority: string) => new AwsError('PriorityInUse', `Priority '${priority}' is currently in use`)

function findGroupInUse(input: URLSearchParams, { listeners }: BalancerConfig): AwsError | undefined {
  const group = input.get('TargetGroupArn') ?? ''
  const isUsed = listeners.some(({ rules }) => rules.some((rule) => rule.actions.flatMap(targetGroupsOf).includes(group)))
  return isUsed ? new AwsError('ResourceInUse', `Target group '${group}' is currently in use by a listener or a rule`) : undefined
}

function findProtection(input: URLSearchParams, { loadBalancers }: BalancerConfig): AwsError | undefined {
  const found = loadBalancers.find(({ arn }) => arn === input.get('LoadBalancerArn'))
  if (!found?.deletionProtection) return undefined
  return new AwsError('OperationNotPermitted', `Load balancer '${found.arn}' cannot be deleted because deletion protection is enabled`)
}

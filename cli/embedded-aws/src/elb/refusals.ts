import { AwsError } from '../aws-error.ts'
import type { Listener } from './config.ts'

/**
 * What AWS refuses of a change to load balancers that ministack would take.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html#API_CreateListener_Errors
 * @param listeners all of the region
 * @param isGroup whether a target group exists
 */
export function findRefusal(action: string, input: URLSearchParams, listeners: Listener[], isGroup: (arn: string) => boolean): AwsError | undefined {
  if (!/^(Create|Modify)(Listener|Rule)$/.test(action)) return undefined
  return findDuplicate(input, listeners) ?? findMissingGroup(input, isGroup) ?? findMissingCertificate(action, input)
}

/** Two listeners of one load balancer on one port. */
function findDuplicate(input: URLSearchParams, listeners: Listener[]): AwsError | undefined {
  const changed = input.get('ListenerArn')
  const loadBalancerArn = input.get('LoadBalancerArn') ?? listeners.find(({ arn }) => arn === changed)?.loadBalancerArn
  const port = Number(input.get('Port'))
  if (!listeners.some((each) => each.loadBalancerArn === loadBalancerArn && each.port === port && each.arn !== changed)) return undefined
  return new AwsError('DuplicateListener', `A listener already exists on this port for this load balancer '${loadBalancerArn}'`)
}

function findMissingGroup(input: URLSearchParams, isGroup: (arn: string) => boolean): AwsError | undefined {
  const arns = [...input].filter(([name]) => /Actions\..*TargetGroupArn$/.test(name)).map(([, arn]) => arn)
  const missing = arns.find((arn) => !isGroup(arn))
  return missing === undefined ? undefined : new AwsError('TargetGroupNotFound', `Target groups '${missing}' not found`)
}

function findMissingCertificate(action: string, input: URLSearchParams): AwsError | undefined {
  if (action !== 'CreateListener' || input.get('Protocol') !== 'HTTPS' || input.has('Certificates.member.1.CertificateArn')) return undefined
  return new AwsError('ValidationError', 'A certificate must be specified for HTTPS listeners')
}

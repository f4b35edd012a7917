import { AwsError } from '../aws-error.ts'
import type { Cluster, DeploymentConfiguration, TaskDefinition } from '../records.ts'
import type { Inputs } from './schemas.ts'

type Launching = Pick<Inputs['CreateService'], 'launchType' | 'capacityProviderStrategy' | 'networkConfiguration'>

/**
 * Where and how tasks are to run, as a service or RunTask asks for it.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html#API_CreateService_Errors
 * @throws AwsError `InvalidParameterException`
 */
export function checkLaunch(input: Launching, cluster: Cluster, definition: TaskDefinition): void {
  const { launchType, capacityProviderStrategy = [], networkConfiguration } = input
  if (launchType && capacityProviderStrategy.length > 0) {
    throw invalid('Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.')
  }
  checkProviders(capacityProviderStrategy, cluster)
  if (definition.networkMode !== 'awsvpc' && networkConfiguration?.awsvpcConfiguration) {
    throw invalid('Network Configuration is not valid for the given networkMode of this task definition.')
  }
  if (!definition.requiresCompatibilities.includes('FARGATE')) throw invalid('Task definition does not support launch_type FARGATE.')
  if (!networkConfiguration?.awsvpcConfiguration) {
    throw invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
  }
}

/** @throws AwsError `InvalidParameterException` */
export function checkProviders(strategy: { capacityProvider: string }[], { capacityProviders }: Cluster): void {
  if (strategy.every(({ capacityProvider }) => capacityProviders.includes(capacityProvider))) return
  throw invalid(
    'The capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster and try again.',
  )
}

/**
 * A service's whole deployment configuration.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
 * @throws AwsError `InvalidParameterException`; `UnsupportedFeatureException` for what AWS has and the rehearsal has not
 */
export function checkDeploymentConfiguration(configuration: DeploymentConfiguration): void {
  const { strategy = 'ROLLING', lifecycleHooks = [], maximumPercent, minimumHealthyPercent } = configuration
  if (strategy !== 'ROLLING') throw unsupported(`The deployment strategy ${strategy} is not part of the rehearsal's ECS.`)
  if (lifecycleHooks.some(({ targetType }) => targetType !== 'PAUSE')) throw unsupported("AWS_LAMBDA lifecycle hooks are not part of the rehearsal's ECS.")
  if (lifecycleHooks.some(({ lifecycleStages }) => lifecycleStages.some((stage) => stage === 'TEST_TRAFFIC_SHIFT' || stage === 'PRODUCTION_TRAFFIC_SHIFT'))) {
    throw invalid('PAUSE hooks cannot be configured at TEST_TRAFFIC_SHIFT or PRODUCTION_TRAFFIC_SHIFT stages.')
  }
  if (maximumPercent === 100 && minimumHealthyPercent === 100) {
    throw invalid('Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.')
  }
  checkThreshold(configuration)
  checkEarlySuccess(configuration)
}

function checkThreshold({ deploymentCircuitBreaker: { thresholdConfiguration } }: DeploymentConfiguration): void {
  const { type, value } = thresholdConfiguration ?? { type: 'BOUNDED_PERCENT', value: 50 }
  if (value < 1) throw invalid('The value of thresholdConfiguration must be at least 1.')
  if (type !== 'COUNT' && value > 100) throw invalid(`The value of thresholdConfiguration must be between 1 and 100 for the type ${type}.`)
}

function checkEarlySuccess({ earlySuccessCriteria, minimumHealthyPercent }: DeploymentConfiguration): void {
  const { enable, healthyPercent, sourceServiceRevisionCleanup } = earlySuccessCriteria ?? { enable: false }
  if (!enable) return
  if (healthyPercent === undefined || sourceServiceRevisionCleanup === undefined) {
    throw invalid('healthyPercent and sourceServiceRevisionCleanup must be specified when earlySuccessCriteria is enabled.')
  }
  if (healthyPercent < minimumHealthyPercent) throw invalid('healthyPercent must be greater than or equal to minimumHealthyPercent.')
}

const invalid = (message: string) => new AwsError('InvalidParameterException', message)
const unsupported = (message: string) => new AwsError('UnsupportedFeatureException', message)

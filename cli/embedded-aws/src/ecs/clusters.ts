import { AwsError } from '../aws-error.ts'
import { ecsArn, isOf, nameOf } from '../arn.ts'
import { paginate, type Inputs } from './schemas.ts'
import type { Cluster, Scope } from '../records.ts'
import type { State } from '../state.ts'

/** @throws AwsError `ClusterNotFoundException` */
export function findCluster({ clusters }: State, scope: Scope, name: string): Cluster {
  const found = clusters[ecsArn(scope, `cluster/${nameOf(name)}`)]
  if (found?.status === 'ACTIVE') return found
  throw new AwsError('ClusterNotFoundException', 'Cluster not found.')
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Cluster.html */
export function clusterCalls(state: State) {
  const render = (cluster: Cluster, include: string[]) => {
    const services = Object.values(state.services).filter(({ clusterArn, status }) => clusterArn === cluster.clusterArn && status !== 'INACTIVE')
    const tasks = Object.values(state.tasks).filter(({ clusterArn, lastStatus }) => clusterArn === cluster.clusterArn && lastStatus !== 'STOPPED')
    const { configuration, settings, ...rest } = cluster
    return {
      ...rest,
      registeredContainerInstancesCount: 0,
      runningTasksCount: tasks.filter(({ lastStatus }) => lastStatus === 'RUNNING').length,
      pendingTasksCount: tasks.filter(({ lastStatus }) => lastStatus !== 'RUNNING').length,
      activeServicesCount: services.length,
      statistics: [],
      tags: include.includes('TAGS') ? (state.tags[cluster.clusterArn] ?? []) : [],
      settings: include.includes('SETTINGS') ? settings : [],
      configuration: include.includes('CONFIGURATIONS') ? configuration : undefined,
      ...(include.includes('ATTACHMENTS') ? { attachments: [], attachmentsStatus: 'UPDATE_COMPLETE' } : {}),
    }
  }
  const everything = ['TAGS', 'SETTINGS', 'CONFIGURATIONS', 'ATTACHMENTS']
  const change = (cluster: Cluster, changes: Partial<Cluster>) => {
    for (const [key, value] of Object.entries(changes)) if (value !== undefined) Object.assign(cluster, { [key]: value })
    return { cluster: render(cluster, everything) }
  }

  return {
    CreateCluster: (scope: Scope, input: Inputs['CreateCluster']) => {
      const clusterArn = ecsArn(scope, `cluster/${input.clusterName}`)
      const { clusterName, capacityProviders, defaultCapacityProviderStrategy, configuration, serviceConnectDefaults } = input
      const settings = input.settings ?? [{ name: 'containerInsights', value: 'disabled' }]
      const known = state.clusters[clusterArn]
      // Creating a cluster that exists answers with it, as it is.
      if (known?.status === 'ACTIVE') return { cluster: render(known, everything) }
      const cluster: Cluster = {
        clusterArn,
        clusterName,
        status: 'ACTIVE',
        settings,
        capacityProviders,
        defaultCapacityProviderStrategy,
        configuration,
        serviceConnectDefaults,
      }
      state.clusters[clusterArn] = cluster
      state.tags[clusterArn] = input.tags ?? []
      return { cluster: render(cluster, everything) }
    },
    UpdateCluster: (scope: Scope, { cluster, ...changes }: Inputs['UpdateCluster']) => change(findCluster(state, scope, cluster), changes),
    UpdateClusterSettings: (scope: Scope, { cluster, settings }: Inputs['UpdateClusterSettings']) =>
      change(findCluster(state, scope, cluster), { settings }),
    PutClusterCapacityProviders: (scope: Scope, { cluster, ...changes }: Inputs['PutClusterCapacityProviders']) =>
      change(findCluster(state, scope, cluster), changes),
    DescribeClusters: (scope: Scope, { clusters, include }: Inputs['DescribeClusters']) => {
      const arns = clusters.map((name) => ecsArn(scope, `cluster/${nameOf(name)}`))
      const found = arns.filter((arn) => state.clusters[arn])
      return {
        clusters: found.map((arn) => render(state.clusters[arn] as Cluster, include)),
        failures: arns.filter((arn) => !found.includes(arn)).map((arn) => ({ arn, reason: 'MISSING' })),
      }
    },
    ListClusters: (scope: Scope, input: Inputs['ListClusters']) => {
      const active = Object.values(state.clusters).filter(({ clusterArn, status }) => status === 'ACTIVE' && isOf(scope, clusterArn))
      const { items, ...next } = paginate(active, input)
      return { clusterArns: items.map(({ clusterArn }) => clusterArn), ...next }
    },
    DeleteCluster: (scope: Scope, { cluster: name }: Inputs['DeleteCluster']) => {
      const cluster = findCluster(state, scope, name)
      const { activeServicesCount, runningTasksCount, pendingTasksCount } = render(cluster, [])
      if (activeServicesCount > 0) {
        throw new AwsError('ClusterContainsServicesException', 'The Cluster cannot be deleted while Services are active.')
      }
      if (runningTasksCount + pendingTasksCount > 0) {
        throw new AwsError('ClusterContainsTasksException', 'The Cluster cannot be deleted while Tasks are active.')
      }
      cluster.status = 'INACTIVE'
      return { cluster: render(cluster, everything) }
    },
    DescribeCapacityProviders: (scope: Scope, { capacityProviders = ['FARGATE', 'FARGATE_SPOT'] }: Inputs['DescribeCapacityProviders']) => ({
      capacityProviders: capacityProviders.map((name) => ({
        capacityProviderArn: ecsArn(scope, `capacity-provider/${nameOf(name)}`),
        name: nameOf(name),
        status: 'ACTIVE',
        tags: [],
      })),
      failures: [],
    }),
  }
}

import { InvalidArgumentError, type Command } from 'commander'
import { findProject } from '../platform/project.ts'
import { formatTable } from '../platform/terminal/table.ts'
import { createTerminal, type Terminal, type TerminalOptions } from '../platform/terminal/terminal.ts'
import type { Cost } from '../terraform/cost/estimate.ts'

type Flags = TerminalOptions & { requests: number; traffic: number; logs: number; stored: number }

export function registerCost(program: Command): void {
  program
    .command('cost')
    .description('estimate what the configuration costs a month, by resource; needs no account')
    .option('--requests <n>', 'requests a month', readAmount, 1_000_000)
    .option('--traffic <gb>', 'GB a month through load balancer, NAT gateways and endpoints, each', readAmount, 10)
    .option('--logs <gb>', 'GB a month into each log group', readAmount, 1)
    .option('--stored <gb>', 'GB in each bucket, repository and file system', readAmount, 1)
    .addHelpText('after', `
\`plan\` says what a change costs. Prices are AWS's list prices of one region and one day; both are named.

Examples:
  $ fargate-ctl cost
  $ fargate-ctl cost --env prod --requests 50e6 --traffic 500
  $ fargate-ctl cost --json | jq .usd`)
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<Flags>()
      const terminal = createTerminal(flags)
      const [{ planOffline }, { estimateCost }, { defaultAssumptions }] = await Promise.all([
        import('../lint/offline-plan.ts'),
        import('../terraform/cost/estimate.ts'),
        import('../terraform/cost/resources.ts'),
      ])
      const project = findProject()
      const { resource_changes: changes } = await terminal.step('Plan without an account', () => planOffline(project))
      const { requests, traffic: trafficGb, logs: logGb, stored: storedGb } = flags
      const cost = estimateCost(changes, { ...defaultAssumptions, requests, trafficGb, logGb, storedGb })
      printCost(cost, terminal)
      terminal.printJson(cost)
    })
}

function readAmount(text: string): number {
  const amount = Number(text)
  if (Number.isFinite(amount) && amount >= 0) return amount
  throw new InvalidArgumentError('a number of at least 0 is needed.')
}

function printCost({ usd, resources, unpriced, assumptions, prices }: Cost, terminal: Terminal): void {
  const { bold, dim } = terminal.outColors
  const { hours, requests, trafficGb, logGb, storedGb } = assumptions
  terminal.print(bold(`About ${usd.toFixed(2)} USD a month`))
  const rows = resources.map((each) => [each.usd.toFixed(2), each.address, each.parts.map(({ what, usd: part }) => (part === null ? `${what}: unknown` : what)).join('; ')])
  for (const line of formatTable([['USD', 'resource', 'for'], ...rows])) terminal.print(`  ${line}`)
  if (unpriced.length > 0) terminal.print(`No price is known of: ${unpriced.join(', ')}`)
  terminal.print(dim(`Prices: AWS's list prices of ${prices.region} as of ${prices.date}, without free tiers, savings plans and taxes; other regions cost up to half as much again.`))
  terminal.print(dim(`Assumed for a month: ${hours} hours, ${requests.toLocaleString('en')} requests, ${trafficGb} GB through each of load balancer, NAT gateway and endpoint, ${logGb} GB into each log group, ${storedGb} GB in each store; desired_count tasks, which autoscaling may change.`))
  terminal.print(dim('Not known: data that leaves AWS (0.09 USD a GB beyond 100), traffic between zones, metrics of Container Insights (0.30 USD each).'))
}

import { execFileSync } from 'node:child_process'
import autocannon from 'autocannon'
import { join } from 'node:path'
import { rehearsalVariables, root, type Comparison } from './measure.ts'

/** What the rehearsal's load balancer adds to a request: the same task, asked through it and directly. */
export async function benchGateway(): Promise<Comparison[]> {
  const env = rehearsalVariables()
  if (!env) {
    console.error('load balancer: left out, because no rehearsal runs (npm run rehearse)')
    return []
  }
  const url = execFileSync('terraform', ['output', '-raw', 'alb_url'], { cwd: join(root, 'infrastructure'), env: { ...process.env, ...env }, encoding: 'utf8' })
  const label = `label=fargate-ctl.rehearsal=${join(root, '.fargate-ctl', 'rehearsal', 'gateway')}`
  const ports = execFileSync('docker', ['ps', '--filter', label, '--format', '{{.Ports}}'], { encoding: 'utf8' })
  const [, port] = /127\.0\.0\.1:(\d+)->8080/.exec(ports) ?? []
  if (!port) throw new Error(`no task of the rehearsal publishes port 8080:\n${ports}`)
  const ask = async (address: string) => (await autocannon({ url: `${address}/livez`, connections: 4, duration: 5 })).latency
  const through = await ask(url)
  const direct = await ask(`http://127.0.0.1:${port}`)
  const milliseconds = (number: number) => `${number.toFixed(2)} ms`
  return [
    {
      what: 'mean time of a request through the load balancer, next to the task itself',
      ours: milliseconds(through.mean),
      other: milliseconds(direct.mean),
      ratio: through.mean / direct.mean,
    },
  ]
}

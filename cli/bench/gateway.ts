import { execFileSync } from 'node:child_process'
import { Agent, get } from 'node:http'
import { join } from 'node:path'
import { median, rehearsalVariables, root, type Comparison } from './measure.ts'

const rounds = 3000
const agent = new Agent({ keepAlive: true })

/** What the rehearsal's load balancer adds to a request: the same task, asked through it and directly, in turn. */
export async function benchGateway(): Promise<Comparison[]> {
  const env = rehearsalVariables()
  if (!env) {
    console.error('load balancer: left out, because no rehearsal runs (npm run rehearse)')
    return []
  }
  const url = execFileSync('terraform', ['output', '-raw', 'alb_url'], { cwd: join(root, 'infrastructure'), env: { ...process.env, ...env }, encoding: 'utf8' })
  const label = `label=embedded-aws=${env.EMBEDDED_AWS_STATE}`
  const ports = execFileSync('docker', ['ps', '--filter', label, '--format', '{{.Ports}}'], { encoding: 'utf8' })
  const [, port] = /127\.0\.0\.1:(\d+)->8080/.exec(ports) ?? []
  if (!port) throw new Error(`no task of the rehearsal publishes port 8080:\n${ports}`)
  const times: { through: number[]; direct: number[] } = { through: [], direct: [] }
  for (let round = 0; round < rounds; round++) {
    times.through.push(await timeRequest(`${url}/livez`))
    times.direct.push(await timeRequest(`http://127.0.0.1:${port}/livez`))
  }
  agent.destroy()
  const [through, direct] = [median(times.through), median(times.direct)]
  const milliseconds = (number: number) => `${number.toFixed(2)} ms`
  return [
    {
      what: `a request through the load balancer, next to the task itself (median; ${milliseconds(through - direct)} more)`,
      ours: milliseconds(through),
      other: milliseconds(direct),
      ratio: through / direct,
    },
  ]
}

/** @returns milliseconds until the whole answer is there */
function timeRequest(url: string): Promise<number> {
  const started = performance.now()
  return new Promise((resolve, reject) => {
    const asked = get(url, { agent }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${url} answered ${answer.statusCode}`))
      answer.resume().on('end', () => resolve(performance.now() - started))
    })
    asked.on('error', reject)
  })
}

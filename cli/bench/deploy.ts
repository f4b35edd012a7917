import { execFileSync } from 'node:child_process'
import { cli, rehearsalVariables, root, timePair, type Comparison } from './measure.ts'

/** A deployment without changes in the running rehearsal, next to terraform doing the same by hand. */
export function benchDeploy(): Comparison[] {
  const env = rehearsalVariables()
  if (!env) {
    console.error('deploy: left out, because no rehearsal runs (npm run rehearse)')
    return []
  }
  const infrastructure = `${root}infrastructure`
  const bare = 'terraform init -input=false -reconfigure -backend-config=s3.tfbackend && terraform apply -input=false -auto-approve'
  const ours = { args: [process.execPath, cli, 'deploy', '--auto-approve'], cwd: root, env }
  const deployed = execFileSync(process.execPath, [cli, 'deploy', '--auto-approve', '--json'], { cwd: root, env: { ...process.env, ...env }, encoding: 'utf8' })
  const { image: { tag } } = JSON.parse(deployed) as { image: { tag: string } }
  const [deploy, terraform] = timePair(ours, { args: ['sh', '-c', bare], cwd: infrastructure, env: { ...env, TF_VAR_image_tag: tag } }, 3)
  const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`
  return [{ what: 'fargate-ctl deploy, next to terraform init and apply', ours: seconds(deploy), other: seconds(terraform), ratio: deploy / terraform }]
}

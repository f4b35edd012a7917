import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cli, median, rehearsalVariables, root, time, type Comparison } from './measure.ts'

type Result = { image: { tag: string; digest: string }; steps: { name: string; seconds: number }[] }

const infrastructure = `${root}infrastructure`
const rounds = 3
/** What ECS takes is nothing that either of the two could do faster. */
const waiting = 'Wait for the proof that it serves'
const byHand = 'terraform init -input=false -reconfigure -backend-config=s3.tfbackend && terraform plan -input=false -out="$PLAN" && terraform apply -input=false "$PLAN"'

/** Deployments in the running rehearsal, next to terraform doing the same by hand on the same state. */
export function benchDeploy(): Comparison[] {
  const env = rehearsalVariables()
  if (!env) {
    console.error('deploy: left out, because no rehearsal runs (npm run rehearse)')
    return []
  }
  const folder = mkdtempSync(join(tmpdir(), 'bench-deploy-'))
  try {
    const { tag, digest } = deploy(env, []).result.image
    // A tag alone names no commit, which the other would have to be told.
    const named = ['--tag', tag]
    deploy(env, named)
    const hand = { ...env, TF_VAR_image_tag: tag, TF_VAR_image_digest: digest, PLAN: join(folder, 'plan') }
    return [
      compare('without changes', () => deploy(env, named), hand),
      // Each run undoes what the one before has changed; it restarts no task.
      compare('with one change', () => deploy({ ...env, TF_VAR_log_retention_days: '14' }, named), { ...hand, TF_VAR_log_retention_days: '30' }),
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

type Variables = Record<string, string>
type Deployed = { milliseconds: number; result: Result }

/** Runs the two in turn, so that whatever else the machine does hits both alike. */
function compare(what: string, ours: () => Deployed, env: Variables): Comparison {
  const times: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    times[0].push(ours().milliseconds)
    times[1].push(time({ args: ['sh', '-c', byHand], cwd: infrastructure, env }))
  }
  const [deployed, terraform] = [median(times[0]), median(times[1])]
  const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`
  return { what: `fargate-ctl deploy ${what} less ECS's own time, next to terraform init, plan -out and apply`, ours: seconds(deployed), other: seconds(terraform), ratio: deployed / terraform }
}

/** @returns what it took without the wait for ECS */
function deploy(env: Variables, args: string[]): Deployed {
  const started = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'deploy', '--auto-approve', '--json', '--bake', '0', ...args], { cwd: root, env: { ...process.env, ...env }, encoding: 'utf8' })
  const milliseconds = performance.now() - started
  if (status !== 0) throw new Error(`deploy ended with ${status}:\n${stderr}`)
  const result = JSON.parse(stdout) as Result
  const waited = result.steps.find(({ name }) => name === waiting)?.seconds ?? 0
  return { milliseconds: milliseconds - waited * 1000, result }
}
